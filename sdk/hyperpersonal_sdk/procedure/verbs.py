"""What shoppers ask for, each a verb with the expressions it is recognised by.

Acting verbs change something in the shop; asking verbs only want to know. The first verb of the
list that is found in a piece of text wins, so the special stand before the general.
"""

import re


def _any(*patterns):
    return re.compile("|".join(patterns), re.IGNORECASE)


ACTING = (
    ("reopen", _any(
        r"\b(?:undo|revert|revers|reopen|re-open|reinstat|restor|un-?cancel|reactivat)\w*\b"
        r"[^.;]{0,60}\b(?:cancel\w*|order)",
        r"\bun-?cancel",
    )),
    ("profile_address", _any(
        r"\b(?:default|profile|account|user|home|billing)(?:'s)?\s+address\b(?=.{0,80}\b(?:to|chang"
        r"|updat|modif|correct|wrong|new))",
        r"\b(?:chang|updat|modif|correct|set)\w*\b.{0,40}\b(?:default|profile|account"
        r"|user)\s+address\b",
        r"\baddress\s+(?:on|in|of)\s+(?:file|my\s+(?:profile|account))\b(?=.{0,80}\b(?:to|chang"
        r"|updat|wrong|new))",
        r"\b(?:chang|updat|modif)\w*\s+(?:my|the)\s+(?:profile|user)\b",
    )),
    ("set_address", _any(
        r"\b(?:chang|updat|modif|correct|fix|switch|set|edit)\w*\b[^.;]{0,70}\baddress\b",
        r"\baddress\b[^.;]{0,40}\b(?:chang|updat|modif|wrong|incorrect|correct)\w*",
        r"\b(?:ship|send|deliver|shipped|sent|delivered)\b[^.;]{0,60}\bthere\b(?!\s*(?:is|are"
        r"|was|were|'s)\b)",
        r"\b(?:ship|send|deliver)\b[^.;]{0,60}?\b\d{1,6}\s+[A-Z]\w+\s+(?:St|Str|Ave|R|D|L|W|B|P"
        r"|C)\w*\b",
        r"\b(?:ship|send|deliver)(?:ped|ed)?\b[^.;]{0,90}\bhome\b",
        r"\b(?:should|must|to|can|could|please|have\s+it|want\s+it)\s+(?:(?:rather|now|instead"
        r"|all|both)\s+)?(?:go|come|be\s+going|be\s+sent"
        r"|be\s+shipped|be\s+delivered|delivered|sent|shipped)\s+to\b[^.;]{0,60}"
        r"\b(?:address|home|house|place|office|\d{1,6}\s+[A-Z])",
        r"\buse\b[^.;]{0,40}\baddress\b",
        r"\b(?:ship|send|deliver)\b[^.;]{0,40}\border\b[^.;]{0,30}\bto\s+(?-i:[A-Z])\w+",
        r"\borders?\s+(?:should\s+|to\s+)?(?:go|come)\s+to\b[^.;]{0,60}\b(?:address|home|house"
        r"|place|office)",
        r"\bchang\w*\s+(?:the\s+)?(?:shipping|delivery|destination)\b",
        r"\b(?:ship|send|deliver)\b[^.;]{0,40}\bto\s+the\s+same\s+(?:address|place)\b",
        r"\b(?:ship|send|deliver|shipped|sent|delivered)\b[^.;]{0,60}\bto\s+(?:my|the|our)\b"
        r"[^.;]{0,40}\baddress\b",
        r"\b(?:ship|send|deliver|shipped|sent|delivered)\b[^.;]{0,40}\bto\s+\d{1,6}\s+[A-Z]",
        r"\b(?:ship|send|deliver|shipped|sent|delivered)\b[^.;]{0,40}\bto\s+(?:my|a|an|the"
        r"|another|this)\s+(?:\w+\s+){0,2}(?:address|home|house|place|office)\b",
    )),
    ("set_payment", _any(
        r"\b(?:chang|updat|modif|switch)\w*\b[^.;]{0,60}\b(?:payment|paying)\b",
        r"\buse\b[^.;]{0,30}\b(?:paypal|card|visa|mastercard)\b[^.;]{0,25}\bfor\b[^.;]{0,30}"
        r"\border",
        r"\b(?:to|shall|should|must|can|could)\s+be\s+paid\s+(?:with|by|using|via|through|from)\b",
        r"\b(?:chang|switch|mov)\w*\b[^.;]{0,60}\bto\s+(?:my\s+)?(?:paypal|credit\s?card"
        r"|gift\s?card|visa|mastercard)\b",
        r"\bpay\s+(?:for\s+)?(?:it|them|the\s+order|this\s+order)\s+(?:with|by"
        r"|using)\b[^.;]{0,40}\binstead\b",
        r"\bpay(?:ing)?\s+(?:for\s+)?[^.;]{0,50}\border\b[^.;]{0,30}\b(?:with|by|using|via|from"
        r"|through)\b",
        r"\b(?:put|charge)\b[^.;]{0,50}\border\b[^.;]{0,20}\b(?:on|to)\s+(?:my\s+|the\s+)?"
        r"(?:paypal|credit\s?card|gift\s?card|visa|mastercard|card)\b",
    )),
    ("cancel", _any(
        r"\bcancel(?:l?ing|s)?\b",
        r"\b(?:be|get|getting|have|want|like|need)\b[^.;]{0,80}\bcancell?ed\b",
        r"\b(?:want|need|request|like)\b[^.;]{0,20}\bcancell?ation\s+of\b",
        r"\b(?:remov|drop)(?:e|ing|ping)?\b[^.;]{0,60}\b(?:from|off|in)\s+(?:it|my|the|that|this"
        r"|order|#)",
        r"\btak(?:e|ing)\b[^.;]{0,60}\b(?:out\s+of|off)\s+(?:it|my|the|that|this|order|#)",
        r"\bcall\s+off\b[^.;]{0,30}\border",
    )),
    ("swap", _any(
        r"\b(?:exchang|replac|upgrad|downgrad)(?:e|es|ing)\b",
        r"\bswap(?:ping|s)?\b|\bmodif(?:y|ying|ies)\b",
        r"\b(?:be|get|have|want|like|need)\b[^.;]{0,60}\b(?:exchang|replac|swapp|upgrad"
        r"|modifi)ed\b",
        r"\b(?:switch|trad)(?:e|ed|ing)?\b[^.;]{0,80}\b(?:for|to|with|into)\b",
        r"\b(?:have|get|want|like|need)\b[^.;]{0,40}\b(?:different|another|bigger|smaller"
        r"|larger|other)\s+(?:size|colou?r|one|model|version|variant)\b",
        r"\b(?:want|like|need|prefer|have)\b[^.;]{0,60}\b(?:instead\s+of|rather\s+than)\b"
        r"(?![^.;]{0,25}\b(?:paypal|card|refund|cancel|return))",
        r"\bmake\s+(?:it|that|them)\s+(?:an?|the)\b",
        r"\b(?:want|like|love|need|prefer|have|get)\b[^.;]{0,30}\b(?:it|them|one)\s+in\s+"
        r"(?!my|the|order|full|stock|time|case|return)\w+",
        r"\bshould\s+(?:rather\s+)?(?:become\b|(?:be|have)\s+(?:an?\s+|in\s+)?(?:size|colou?r)\b)",
        r"\b(?:is|was)\s+wrong\b[^.;]{0,20}\bi\s+(?:want|need|meant|would\s+like)\b",
        r"\bfor\s+the\s+(?:\w+\s+){1,3}i(?:'d\s+like|\s+want|\s+need|\s+prefer)\b",
        r"\bchang(?:e|ed|ing)\b(?!\s+(?:my|your|his|her|their)\s+mind)[^.;]{0,160}\b(?:to|into"
        r"|for)\b",
    )),
    ("return", _any(
        r"(?<!when i )(?<!when we )(?<!once i )(?<!in )\breturn(?:ing|s)?\b"
        r"(?!\s+(?:home|from|polic|label|window|period|fee|process|date|work))",
        r"\b(?:be|get|have|want|like|need)\b[^.;]{0,60}\breturned\b",
        r"\bsend(?:ing)?\s+(?:[\w'-]+,?\s+){0,10}back\b",
        r"^(?!.*\b(?:refund|money|amount|credit|funds?)\b.{0,40}\bgo)(?=.*\bgo(?:es|ing)?\s+back\b"
        r"(?!\s+to))",
        r"\bback\s+(?:it|they)\s+goe?s?\b|^\W*(?:the\s+|my\s+)?(?:\w+\W+){1,4}back\s+please\b",
        r"\b(?:giv|tak)(?:e|ing)\s+(?:[\w'-]+,?\s+){0,6}back\b",
    )),
)  # fmt: skip

CHANGES = ("set_address", "set_payment", "swap")

REGRET = _any(
    r"\brefund(?:s|ed)?\b",
    r"\bmoney\s+back\b",
    r"\bno\s+longer\s+(?:want|need)",
    r"\bdon'?t\s+(?:want|need)\b",
    r"\bnot\s+(?:to\s+)?receive\b",
    r"\bby\s+(?:mistake|accident)\b|\baccidental",
    r"\bfaulty\b|\bdefect|\bbroken\b|\bdamaged?\b|\bchipped\b",
    r"\bmissing\s+(?:pieces?|parts?)\b",
    r"\bstopped\s+working\b|\bdoes\s?n[o']?t\s+(?:work|fit)\b",
    r"\b(?:half|lower|better|cheaper)\s+(?:the\s+)?price\b|\bcheaper\b",
    r"\bget\s+rid\s+of\b|\bremov(?:e|ed|ing)\b",
    r"\bwrong\s+(?:size|colou?r|item)\b",
)

WANTS_MONEY_BACK = _any(
    r"\b(?:want|wanna|get|getting|like|need|request|give\s+me|demand|eligible|entitled|claim"
    r"|ask\s+for|due)\b"
    r"[^.;?]{0,45}\b(?:refund(?!\s+(?:status|polic\w+|request))|money\s+back)",
    r"\bnot\s+(?:to\s+)?receive\s+the\b",
)

ASKING = (
    ("refund_status", _any(
        r"\b(?:where|when|status|track|long|yet|not|n't|still|wait|check|expect"
        r"|show)\w*\b[^.;]{0,60}\b(?:refund|rebate|reimburse|compensation|money\s+back)",
        r"\b(?:refund|rebate|reimburse\w*|compensation)\b[^.;]{0,50}\b(?:status|yet|not|n't"
        r"|missing|processed|where|when|arriv|show)\w*",
    )),
    ("fee", _any(r"\b(?:cancel\w*|early|exit|terminat\w*|withdraw\w*)\s+(?:fee|charge|penalt)\w*")),
    ("tracking", _any(r"\btracking\b", r"\btrack\b")),
    ("status", _any(
        r"\bwhere(?:'s|s|\s+is|\s+are)?\b[^.;]{0,40}\b(?:order|package|parcel|delivery|purchase"
        r"|stuff|item|shipment)s?\b",
        r"\b(?:status|eta|whereabouts)\b(?![^.;]{0,20}\bsubscription)",
        r"\bwhen\b[^.;]{0,60}\b(?:arriv|com(?:e|ing)|deliver|ship|receiv|get\s+(?:my|it|here))\w*",
        r"\b(?:has|have|did|is|was|hasn't|haven't)\b[^.;]{0,60}\b(?:shipped|ship|delivered"
        r"|arrived?|dispatched|being\s+delivered)\b",
        r"\b(?:check|locate|find|see|look\s+up)\b[^.;]{0,30}\b(?:my\s+)?(?:order|purchase"
        r"|package|parcel)\b",
        r"\bwhere(?:'s|\s+is|\s+are)\s+(?:it|they|that)\b",
        r"\b(?:where(?:'?s|\s+is)|(?:any\s+)?(?:news|updates?)\s+(?:on|about|for)"
        r"|what(?:'?s|\s+is)?\s+(?:up\s+with|about|happening\s+(?:to|with)))"
        r"\s+#?[A-Za-z]{0,3}\d{5,}",
        r"\bnothing\s+(?:has\s+)?(?:come|came|arrived)\b"
        r"|\bnever\s+(?:came|arrived|got\s+(?:it|here|my))\b",
        r"\b(?:not|n't)\s+(?:yet\s+)?(?:come|arrived?|shown\s+up)\b",
        r"\bwait(?:ing)?\s+(?:for|on)\b[^.;]{0,30}\b(?:order|package|parcel|it|delivery)\b",
    )),
    ("charges", _any(
        r"\bcharged?\b",
        r"\b(?:what|how\s+much)\b[^.;?]{0,40}\b(?:pay|paid|cost|total)\b[^.;?]{0,40}\border",
        r"\b(?:what|how\s+much)\s+did\s+i\s+pay\b",
        r"\b(?:unknown|extra|double|duplicate|strange|mystery)\s+(?:charge|payment|fee)\b",
        r"\bpayment\s+history\b", r"\bpaid\b",
    )),
    ("invoice", _any(r"\b(?:invoice|bill|receipt)s?\b")),
    ("payment_methods", _any(
        r"\b(?:left|balance|much)\b[^.;]{0,40}\bgift\s?card\b"
        r"|\bgift\s?card\b[^.;]{0,20}\b(?:balance|left)\b",
        r"\bpayment\s+(?:method|option|type|modalit)\w*", r"\b(?:accept"
        r"|take)\b[^.;]{0,30}\b(?:paypal|visa|mastercard|cards?|amex)\b")),
    ("options", _any(
        r"\b(?:what|which|how\s+many|any)\b[^.;]{0,60}\b(?:options?|colou?rs?|sizes?|variants?"
        r"|models?|versions?|materials?)\b",
        r"\b(?:in\s+stock|available|availability|out\s+of\s+stock)\b",
        r"\b(?:price\s+of|how\s+much\s+(?:is|are|does|do))\b",
    )),
)  # fmt: skip

HOW = _any(
    r"^\W*(?:\w+\W+){0,6}(?:how\s+(?:do|can|to|could|would|does|long)|what(?:'s|\s+is"
    r"|\s+are)\s+(?:your|the)|where\s+(?:do|can)"
    r"|can\s+i|may\s+i|am\s+i|is\s+it\s+possible|do\s+you|under\s+what|in\s+(?:which"
    r"|what)\s+cases)\b"
)
POLICY = _any(
    r"\b(?:polic(?:y|ies)|conditions?|rules?|guarantee|warranty|allowed|eligib\w+"
    r"|return\s+window|opening\s+hours"
    r"|how\s+long\s+do\s+i\s+have|in\s+(?:which|what)\s+cases)\b"
)
NEGATED = _any(
    r"\b(?:decide[sd]?|choose|chose|want|wish|like|prefer)\s+(?:to\s+)?not\s+(?:to\s+)?(?=\w)",
    r"\bdecide[sd]?\s+against\b",
    r"\b(?:do\s+not|don'?t|no\s+longer|not)\s+(?:want|wish|need|like)\s+to\s+(?=(?:cancel"
    r"|return|exchang|swap|modif|chang|replac))",
    r"\b(?:do\s+not|don'?t|not|never)\s+(?=(?:cancel|return|exchang|swap|modif|chang|replac))",
    r"\bkeep\s+(?:it|them|everything)\b(?=.{0,12}$)",
    r"\b(?:keep|leave)\s+(?:that|this)(?:\s+(?:one|order))?\b(?=.{0,12}$)",
    r"\b(?:scratch|ignore|skip)\s+(?:that|it|the\s+(?:last|first))\b",
)  # fmt: skip
KEEPS = _any(
    r"(?<!n't want to )(?<!not want to )(?<!n't )(?<!not )(?<!n't need to )"
    r"\b(?:keep|keeping)\s+((?!in\b|as\b|everything\b|all\b|going\b|getting\b)\w+\b(?!\s+(?:same"
    r"|other|rest))[^,.;]{0,50})",
    r"\b((?:the|my)\s+[^,.;]{2,40}?)\s+(?:stays?|can\s+stay)\b",
    r"\b((?:the|my)\s+[^,.;]{2,40}?)\s+(?:is|are|was|were)\b[^.;]{0,40}\bkeep(?:ing)?\s+(?:it"
    r"|them)\b",
)
FINE = _any(
    r"^\W*(?:but\s+)?((?:the|my)\s+[^,.;]{2,40}?)\s+(?:is|are|was|were)\s+(?:\w+\s+){0,2}"
    r"(?:fine|nice|good|great|ok|okay|perfect|lovely|all\s+right)\b",
)
REVISED = _any(
    r"^(?=.*\b(?:on\s+second\s+thoughts?|actually|changed\s+my\s+mind|no\W+wait|wait|hmm+)\b)"
    r"(?=.*\b(?:only|just|simply|instead|rather)\b)",
)
CORRECTED = _any(
    r"^\W*(?:(?:no|oh|wait|sorry|actually|hold\s+on|oops|i\s+mean|i\s+meant|rather)\W+){1,4}"
    r"(?=(?:the|my|both|only|just)\b)",
)
ELSEWHERE = _any(
    r"^\W*(?:and\s+|but\s+|also\s+)?(?:for|as\s+for|in|about|on)\s+(?:my|the)\s+"
    r"(?:other|second|pending|delivered|first|last|next)\b",
)
PERSON = _any(
    r"\b(?:talk|speak|chat|connect|transfer|put|get|pass)\b[^.;]{0,30}\b(?:human|real\s+person"
    r"|person|representative|live\s+agent"
    r"|human\s+agent|manager|supervisor|someone\s+(?:real|else)|operator)\b",
    r"\b(?:want|need|give\s+me)\s+(?:a|an|to\s+see\s+a)\s+(?:human|real\s+person|live\s+agent"
    r"|representative|manager|supervisor)\b",
    r"^\W*(?:human|agent|representative|operator|real\s+person)\W*(?:please\W*)?$",
)
NEVER_MIND = _any(r"^\W*(?:never\s?mind|forget\s+(?:it|about\s+it)|stop|drop\s+it|leave\s+it)\b")
IF = re.compile(r"^(?:and\s+|but\s+|or\s+)?(?:only\s+)?(?:if|in case|otherwise|unless)\b", re.I)
IF_FAILED = re.compile(
    r"^(?:and\s+|but\s+|or\s+)?(?:otherwise\b|else\b|(?:if|in case)\b.{0,80}?(?:\bnot?\b|n't\b"
    r"|\bun(?:able|available)\b|\balready\b|\btoo\s+late\b"
    r"|\bimpossible\b|\brefus\w*|\bden(?:y|ied)\b|\bfail\w*))",
    re.I,
)


def acting(piece):
    """(verb, position) of the first wish to change something in a piece, or (None, -1)."""
    for verb, pattern in ACTING:
        match = pattern.search(piece)
        if match:
            return verb, match.start()
    return None, -1


def asking(piece):
    """The verb of what a piece wants to know, or None."""
    for verb, pattern in ASKING:
        if pattern.search(piece):
            return verb
    return None
