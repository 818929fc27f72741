"""Every sentence a procedure says, in one place: warm, short, one question at a time."""

ASK_EMAIL = "I'm happy to help. What is the e-mail address of your account, so that I can find it?"
ASK_NAME = (
    "No problem, I can find your account another way. "
    "What are your first name, last name and zip code, please?"
)
TELL_MORE = (
    "I want to be sure that I get this right. Could you tell me in a few more words what you need?"
)
WHENEVER = "All right. Just write whenever you need something."
SORRY = "I am sorry about that."
ASK_NAME_AFTER_EMAIL = (
    "I could not find an account with that address. "
    "What are your first name, last name and zip code, please?"
)
ASK_EMAIL_AFTER_NAME = (
    "I could not find an account with that name and zip code. "
    "What is the e-mail address of your account, please?"
)
CONFIRM_ONE = "Here is what I will do:"
GO_AHEAD = "Shall I go ahead? Please answer yes or no."
STOPPED = "All right, I have changed nothing."
SHOP_FAILED = (
    "Our shop system does not answer me right now, so I could not look this up. "
    "I am passing this on to a colleague."
)
OVER_LIMIT = "I may not do this on my own, so I am passing it on to a colleague, with all details."
DID_IT_HELP = "Did that solve it?"
GLAD = "I am glad that it works again."
NOT_CLEAR = "Sorry, I did not quite get that."
RETURN_MAIL = "You will get a message with the instructions for sending the items."


def choices(options):
    return "; ".join(f"({i}) {option}" for i, option in enumerate(options, 1))


def ask_order(names):
    known = f" ({', '.join(names)})" if names else ""
    return f"What is the order number{known}?"


def ask_reason(order_id):
    return f"What is the reason for cancelling {order_id}: no longer needed, or ordered by mistake?"


def ask_payment(purpose, labels):
    return f"Which payment method would you like to use for {purpose}: {', or '.join(labels)}?"


def ask_variant(name, order_id, offers):
    more = f" Available: {'; '.join(offers)}." if offers else ""
    return f"{more} Which variant of the {name} (order {order_id}) would you like?".strip()


def ask_item(order_id, names):
    listed = ", ".join(names)
    return f"What would you like me to take from {order_id}: {listed}? You can also say all of it."


def ask_address(what):
    return f"What is the full new address for {what} (street, city, state and postal code)?"


def plan(lines):
    if len(lines) == 1:
        return f"{CONFIRM_ONE} {lines[0]} {GO_AHEAD}"
    listed = "\n".join(f"{i}. {line}" for i, line in enumerate(lines, 1))
    return f"{CONFIRM_ONE}\n{listed}\n{GO_AHEAD}"
