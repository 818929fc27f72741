"""Looking things up in the shop, each thing once a turn, with evidence of what was found."""

from hyperpersonal_sdk.authoring import ToolFailedError

ORDERS_MAX = 20  # newest orders looked through when the shopper names none


class Shop:
    """The `commerce` interface as a procedure needs it: plain dicts, None for "no such thing"."""

    def __init__(self, host, trail):
        self._host = host
        self._trail = trail
        self._known = {}
        self.customer_id = ""
        self.expected = {}  # payment method id -> minor units the plan so far moves to it

    def expect(self, payment_method_id, minor):
        """Remember what a planned write will put on (or take from) a payment method at once."""
        self.expected[payment_method_id] = self.expected.get(payment_method_id, 0) + minor

    def computed(self, sum_text):
        """Declare a sum of prices as evidence: "20.00 + 34.50 = 54.50"."""
        self._trail.computed(sum_text)

    def identify(self, **by):
        """Find the customer who writes; True if there is one."""
        found = self._get("commerce.customers.find", by.get("email", "name and zip"), by)
        if found:
            self.customer_id = found["id"]
            self._known["commerce.customers.get", found["id"]] = found
        return found is not None

    @property
    def customer(self):
        """The identified customer, looked up when first needed."""
        by = {"customer_id": self.customer_id}
        return self._get("commerce.customers.get", self.customer_id, by)

    def product(self, product_id):
        return self._get("commerce.products.get", product_id, {"product_id": product_id})

    def search_products(self, query):
        return self._get("commerce.products.search", query, {"query": query}) or []

    def order(self, order_id):
        """An order of the identified customer; another customer's order is as good as none."""
        order = self._get("commerce.orders.get", order_id, {"order_id": order_id})
        mine = order is not None and order["customer_id"] == self.customer_id
        return order if mine else None

    def orders(self):
        """The identified customer's orders, newest last."""
        found = [self.order(name) for name in self.customer["order_ids"][-ORDERS_MAX:]]
        return [order for order in found if order]

    def method(self, payment_method_id):
        """The customer's payment method with this id, or None."""
        for method in self.customer["payment_methods"]:
            if method["id"] == payment_method_id:
                return method
        return None

    def act(self, tool, arguments):
        """A write; what was known of the shop is forgotten, because it changed."""
        answer = self._host.tool(tool, **arguments).to_json()
        self._known.clear()
        ref = arguments.get("order_id") or arguments.get("customer_id", "")
        self._trail.tool(tool, ref, answer.get("note") or answer.get("status") or "done")
        return answer

    def _get(self, tool, ref, arguments):
        if (tool, ref) not in self._known:
            try:
                answer = self._host.tool(tool, **arguments)
            except ToolFailedError as failure:
                if failure.kind not in ("not-found", "invalid"):
                    raise
                self._trail.tool(tool, ref, "not found")
                answer = None
            else:
                answer = (
                    [v.to_json() for v in answer] if isinstance(answer, list) else answer.to_json()
                )
                self._trail.tool(tool, ref, _gist(answer))
            self._known[tool, ref] = answer
        return self._known[tool, ref]


def _gist(answer):
    if isinstance(answer, list):
        return f"{len(answer)} found"
    if "status" in answer:
        return f"status {answer['status']}"
    return answer.get("name") or "found"
