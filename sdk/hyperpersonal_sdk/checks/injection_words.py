"""The meanings rule `injection` looks for, and what makes the same words harmless.

Each family is a few sets of words that must meet within a sentence, in English and, where the
words are few, in German, French and Spanish. Source of the families: OWASP Top 10 for LLM
applications (LLM01), and the incidents of plugin markets of 2025 and 2026.
"""

import re

from msgspec import Struct

from hyperpersonal_sdk.checks.injection_languages import (
    OTHERS_ADDRESS,
    OTHERS_CONCEAL,
    OTHERS_SET_ASIDE,
)

_GAP = r"(?:\W+[\w'-]+){0,%d}?\W+"
_ON = r"(?:[^\w,;:.!?]+[\w'-]+){0,2}?[^\w,;:.!?]+"  # a word or two on, in the same clause


class Family(Struct, frozen=True):
    """One kind of order. `can_be_forbidden`: honest texts forbid it, or tell of it."""

    name: str
    what: str
    pattern: re.Pattern[str]
    can_be_forbidden: bool = True


def _near(*sets: str, gap: int = 6) -> re.Pattern[str]:
    """These sets of words in this order, few words apart."""
    return re.compile((_GAP % gap).join(rf"\b(?:{words})" for words in sets))


def _any(*patterns: re.Pattern[str] | str) -> re.Pattern[str]:
    return re.compile("|".join(p if isinstance(p, str) else p.pattern for p in patterns))


# Merchants decide it, in a setting.
CHOSEN = re.compile(
    r"\b(?:merchants?|shop owners?|staff)\b[^.!?;]{0,30}\b(?:may|can) "
    r"(?:set|choose|enter|name|turn)\b[^.!?;]*$"
)
# Shoppers write it, it says behind it in brackets.
TRIED = re.compile(
    r"^[^.!?;]{0,80}\((?:shoppers?|people|attackers?|users?|somebody|some) "
    r"(?:may |often |will )?(?:try|tries|write|say|send|type)s?\b"
)
FORBIDDEN = re.compile(
    r"\b(?:never|not|don't|doesn't|cannot|can't|won't|no|nor|neither|refuses?|rejects?|declines?|"
    r"without|instead of|rather than|prevents?|forbid(?:s|den)?|must not|stops?|blocks?|"
    r"detects?|holds? back|guards? against)\b[^.!?;]*$"
)
REPORTED = re.compile(
    r"\b(?:if|when|whenever|even if|though|in case|whatever|whoever|attempts?|tr(?:y|ies) to|"
    r"such as|for example|e\.g\.|attacks?|asks? (?:you|it|them|us|the)|"
    r"tells? (?:you|it|them|us|the)|claims?|wants? (?:you|it) to|texts? that)\b[^.!?;]*$"
)
# Somebody is said to write it, and it stands in quotation marks.
QUOTED = re.compile(
    r"\b(?:writes?|wrote|written|says?|said|types?|typed|called?|known as|phrases?|sentences?)\b"
    r"[^.!?;]*[\"'“„«`‘][^\"'”“»`]{0,60}$"
)

_SET_ASIDE = (
    r"ignor(?:e|ing)|disregard(?:ing)?|forget|overrid(?:e|ing)|bypass(?:ing)?|supersedes?|"
    r"set aside|pay no attention to|do not (?:follow|obey)|don't (?:follow|obey)|stop following|"
    r"abandon|discard|replaces?|take precedence over|suspend|dismiss|drop"
)
_WHOSE = (
    r"previous|prior|earlier|above|preceding|existing|all(?: of)?(?: the| your)?|any|other|your|"
    r"system|safety|original|initial|former|the|these|those|every"
)
_RULES = (
    r"instructions?|prompts?|rules?|guidelines?|polic(?:y|ies)|directions?|directives?|"
    r"constraints?|guardrails?|restrictions?|safeguards?|safety (?:checks?|measures?)|orders given"
)
_PEOPLE = (
    r"users?|shoppers?|customers?|merchants?|humans?|operators?|staff|admins?|administrators?|"
    r"anyone|anybody|people|persons?|reviewers?|them|owners?|him|her|auditors?|members?|teams?"
)
_TELL = (
    r"tell|mention|inform|reveal|disclose|show|notify|alert|let|say|report|admit|explain|warn|"
    r"make (?:it )?(?:known|visible)|expose|display"
)
_NOT = r"do not|don't|never|without|avoid|must not|should not|refrain from"
_HAND_OVER = (
    r"send|forward|post|upload|transmit|cop(?:y|ies)|bcc|cc|e-?mail|leak|deliver|submit|exfiltrate|"
    r"append|include|attach|embed|encode|put|pass|relay|share|report|save|write|log|fetch|call|"
    r"request|open|visit|transfer|return"
)
_PRIVATE = (
    r"conversations?|chat|histor(?:y|ies)|transcripts?|passwords?|credentials?|api[ _-]?keys?|"
    r"tokens?|secrets?|system prompt|customer data|card (?:numbers?|data|details)|credit cards?|"
    r"e-?mail address(?:es)?|personal (?:data|details|information)|cookies?|"
    r"environment variables?|env|private keys?|order (?:history|details)|address(?:es)?|"
    r"facts|messages?|phone numbers?|everything|contents?|data"
)
_OUT = (
    r"https?://|www\.|[\w.+-]+@[\w-]+\.\w|our (?:server|endpoint|address|webhook|api|team|system|"
    r"logs?|collector|inbox)|(?:an? |the )?(?:external|remote|third[- ]party|outside) |"
    r"webhooks?|this (?:url|address|endpoint|server|link)|the following (?:url|address|endpoint|"
    r"server|link)|analytics (?:endpoint|server)|hidden|query (?:string|parameter)|"
    r"the (?:note|comment|remarks?|metadata|context|notes|reason) (?:field|parameter|argument)"
)
_OPENS = (
    r"passwords?|passcodes?|pin code|cvv|cvc|security code|three digits|card numbers?|"
    r"one[- ]time codes?|codes? you (?:got|received)|full card|login code|e-?mail password"
)
_REVIEWING = (
    r"\b(?:(?:automated|ai|llm|security|code) )?(?:reviewers?|auditors?|scanners?|moderators?|"
    r"reviewer-bot|review(?:ing)? (?:bots?|tools?|programs?|systems?|models?))"
)
_READERS = (
    r"(?:(?:ai|automated|llm|language|shopping|other) )*"
    r"(?:assistants?|agents?|models?|llms?|ais?|chat ?bots?|bots?|reviewers?|scanners?)"
)
_CLEARED = (
    r"safe|legit\w*|pass(?:es)?|approved?|benign|trusted|harmless|audited|vetted|clean|"
    r"skip|do not (?:report|flag)|don't (?:report|flag)|false positive"
)
_WHO_ASKS = (
    r"(?:any |all )?(?:requests?|attempts?|orders?) to "
    r"(?:change|break|ignore|override|reveal|bypass|alter|forget)\b"
)

FAMILIES = (
    Family("override", "sets other instructions aside", _any(
        _near(f"(?:{_SET_ASIDE})(?! {_WHO_ASKS})", _WHOSE, _RULES, gap=3),
        *OTHERS_SET_ASIDE,
        r"\bignorier\w*\W+(?:\w+\W+){0,3}?(?:anweisung|regel|vorgabe)\w*",
        r"\bignore[zr]?\W+(?:\w+\W+){0,3}?(?:instructions|consignes|règles|instrucciones|reglas)",
        r"\b(?:new|updated|real|actual|true) (?:system )?instructions?\s*:",
        _near("you are no longer", "bound|limited|restricted|required|an?", gap=2),
    )),
    Family("impersonate", "speaks in the name of the system or of the platform", _any(
        r"<\s*/?\s*(?:system|important|instructions?|admin|assistant|secret|critical)\s*>",
        r"\[\s*/?\s*(?:system|inst|admin|important)\s*\]", r"<\|[a-z_]+\|>", r"<<\s*/?sys\s*>>",
        r"(?:^|\s)#{1,6}\s*system\s*(?:prompt|message)?\s*:",
        r"^system\s*:",
        r"(?:^|[\"'>(\s])system\s*(?:prompt|message|override|notice|note|admin)\s*:",
        r"\byou are now (?:in |an? |the )?\w+",
        r"\b(?:developer|debug|god|jailbreak|dan|maintenance|admin(?:istrator)?|unrestricted) mode"
        r"\b.{0,30}\b(?:on|enabled|active|activated|now)\b",
        r"\bas (?:the|an?) (?:system|platform) (?:administrator|admin|owner|operator)\b",
    )),
    Family("conceal", "hides from people what it does", _any(
        *OTHERS_CONCEAL,
        _near(_NOT, _TELL + r"|telling|mentioning|informing|revealing|showing|notifying|alerting|"
              r"letting|disclosing|asking", f"(?:{_PEOPLE})" + r"\W+(?:about (?:this|it|that|the|"
              r"these|any)|that|of th(?:is|e|ese)|this|know)\b", gap=3),
        _near(_NOT, f"(?:{_TELL}){_ON}(?:this|it|that|these){_ON}(?:to|in|anywhere)",
              r"the |" + _PEOPLE, gap=3),
        _near("secretly|silently|covertly|stealthily|quietly|invisibly|unnoticed", _HAND_OVER +
              r"|add|run|execute|collect|record|refund|charge|install|read", gap=4),
        _near(_HAND_OVER + r"|add|run|execute|collect|record|refund|charge|install|read",
              r"secretly|silently|covertly|stealthily|invisibly|unnoticed|behind (?:the|their) "
              r"(?:back|scenes)|without (?:the |any )?(?:\w+ )?(?:knowing|noticing|knowledge|"
              r"consent|being (?:told|asked|informed))", gap=8),
        _near("keep", "this|it|that", "secret|hidden|confidential|between us|to yourself", gap=4),
        _near("(?:the )?(?:" + _PEOPLE + ")", "must not|should not|need not|does not need to|"
              "may not|must never|should never|doesn't need to", "know|see|notice|learn|find out",
              gap=2),
        r"\b(?:hide|conceal|mask)\b(?:\W+\w+){0,5}?\W+from (?:the )?(?:" + _PEOPLE + r")\b",
    ), can_be_forbidden=False),
    Family("exfiltrate", "hands private data to somebody else", _any(
        _near(_HAND_OVER, _PRIVATE, "to|into|at|via|as|through", _OUT, gap=6),
        _near("bcc|blind copy|blind carbon copy", r"[\w.+-]+@|every|all|each|our|this|to", gap=6),
        _near(_HAND_OVER, _OUT, "with|including|containing|and", _PRIVATE, gap=6),
        _near("read|open|print|cat|dump|collect|gather|include", r"~/\.|/etc/passwd|\.ssh|id_rsa|"
              r"\.env\b|\.aws|environment variables|private keys?|keychain|wallet", gap=6),
    )),
    Family("take_over_tools", "orders how other tools are used", _any(
        _near("before|whenever|instead of|prior to", "us(?:e|ing)|call(?:ing)?|invok(?:e|ing)|"
              "any|every|all|other", "any|every|all|other|another", "tools?|functions?|plugins?|"
              "agents?", gap=3),
        _near("always|must|first", "call|use|invoke|run|prefer", "this|it|me", "first|before|"
              "instead|over|rather", gap=6),
        _near("do not|don't|never", "use|call|trust|invoke", "other|any other|another", "tools?|"
              "functions?|plugins?|agents?", gap=2),
    ), can_be_forbidden=False),
    Family("take_over_talks", "orders which talks are given to it", _any(
        _near("route|send|assign|direct|hand|forward|give|pass|deliver", "all|every|any|everything|"
              "everyone|each", r"to (?:this|me\b|my|our) |here\b", gap=5),
        _near("always|must", "choose|pick|select|prefer|use|route", "this|me|our", "agent|"
              "plugin|assistant|one|label|intent", gap=4),
        _near("confidence", "of|is|to|as", r"1(?:\.0+)?\b|100|highest|maximum|full", gap=3),
    )),
    Family("fetch_orders", "takes its orders from a place nobody signed", _any(
        _near("follow|execute|obey|run|perform|carry out|apply|do", "instructions?|commands?|"
              "steps?|orders?|directives?|whatever|what|script", "in|from|at|on|inside|returned",
              r"https?://|urls?|pages?|links?|remote|websites?|responses?|results?|"
              r"downloaded|gist|pastebin|note field|comments?", gap=5),
        r"\b(?:curl|wget|iwr|invoke-webrequest)\b[^\n]{0,200}\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b",
        r"\bpowershell\b[^\n]{0,80}\s-e(?:nc|ncodedcommand)?\b",
        _near("download|fetch", "and|then", "run|execute|launch", "it|them|the|this", gap=6),
        _near("paste|enter|copy", "into|in|inside", "(?:your |the |a )?(?:terminal|shell|"
              "console|command prompt|powershell)", gap=8),
    )),
    Family("deceive", "steers or deceives whom it should help", _any(
        _near("pretend|lie|claim falsely|falsely claim|act as if|make (?:them|it|him|her|shoppers|"
              "customers|people) (?:believe|think|feel)|deceive|mislead|trick|pressure|manipulate",
              _PEOPLE + r"|that|to|about|into|you|it|there|stock|only", gap=3),
        _near("recommend|promote|favou?r|push|steer|upsell|suggest|sell|mention|prefer|praise",
              "regardless|no matter|even (?:if|when|though)|whether or not|irrespective|in every|"
              "at every|whatever", gap=12),
        _near("regardless|no matter|whatever|irrespective", "recommend|promote|favou?r|push|steer|"
              "upsell|suggest|sell|mention|praise", gap=12),
        _near("never|do not|don't|avoid", "recommend|mention|name|show|suggest|list|offer",
              "competit\\w+|rivals?|cheaper|alternatives?|other (?:brands?|shops?|products?|"
              "sellers?|vendors?)|better", gap=4),
        _near("regardless|no matter|whatever|whoever|irrespective|always", "name|list|put|show|"
              "rank|place|mention|praise", r"first\b|before (?:all|any|the) other|above (?:all|"
              r"other|rival)|ahead of", gap=8),
        _near("call|describe|present|portray|rate|paint", "rivals?|competit\\w+|other (?:brands?|"
              "shops?|sellers?|vendors?)", "as |unreliable|bad|unsafe|inferior|worse|poor|risky|"
              "fake|scams?", gap=4),
        _near("steer|nudge|push|guide|direct|redirect|lead", _PEOPLE, "to|toward|towards|into",
              gap=3),
    )),
    Family("phish", "asks people for what opens their accounts", _any(
        _near("send|give|tell|text|message|write|reply with|share|show", "me|us|back|with", "your|"
              "the|full", _OPENS, gap=2),
        _near("ask(?:s|ing)? for|request|collect|obtain", "the|their|your|full|a", _OPENS, gap=3),
    )),
    Family("to_reviewers", "speaks to whoever reviews it, not to whoever uses it", _any(
        _REVIEWING + r"[\w -]{0,20}[:,].{0,160}?\b(?:" + _CLEARED + r")\b",
        r"\b(?:forget|disregard) everything (?:you|that)\b",
    ), can_be_forbidden=False),
    Family("addresses", "speaks to a model that reads it, in no prompt of its own", _any(
        r"(?:^|[\[(<{*\"'.]\s*)(?:note|notice|message|memo|reminder|info|attention|instructions?) "
        r"(?:to|for) (?:all |any |every |the |other )*" + _READERS + r"\s*[:,-]",
        r"[\[(<{]\s*(?:dear |hey |to )?(?:the |all |any )*" + _READERS + r"\s*[:,]\s*\w+",
        r"(?:^|[.!]\s)(?:dear |hey |attention )?(?:all )?" + _READERS + r"\s*[:,]\s*(?:this|"
        r"please|do|skip|approve|refund|transfer|send|treat|always|never|when|if|you|the shopper|"
        r"mark|answer)\b",
        *OTHERS_ADDRESS,
    ), can_be_forbidden=False),
    Family("script", "is a program in a text that a page may show", _any(
        r"\]\(\s*(?:javascript|vbscript|data:text/html)\s*:",
        r"<\w+\b[^<>]{0,200}\son(?:error|load|click|mouseover|focus)\s*=",
    ), can_be_forbidden=False),
    Family("vouched", "says that somebody need not be checked any more", _any(
        _near("shopper|customer|user|caller|person|sender", r"(?:is|are|was|has been|counts? as)"
              r"(?: (?:verified|authenticated|trusted|known|cleared))?(?: as)? an? "
              r"(?:employee|tester|admin|administrator|owner|member of staff)\b", gap=2),
        _near("skip|omit|bypass|leave out", "confirmations?|identity|verification|"
              "the (?:identity )?checks?|approvals?", "and|then|,",
              "refund|approve|show|pay|send|cancel", gap=4),
    )),
    Family("directs", "tells an assistant what to hand over", _any(
        _near("assistant|agent|model|ai|llm|bot", "has to|must|should|needs to|is to|shall",
              _HAND_OVER, _PRIVATE, gap=4),
        r"<!--\s*(?:assistant|agent|ai|llm|model|system|bot)s?\b",
    )),
    Family("no_asking", "acts on money or data and asks nobody", _any(
        _near("refund|pay|charge|discount|credit|transfer|approve|grant|cancel|delete|issue|"
              "process", r"without", "asking|approval|confirm(?:ation|ing)|checking|verif\\w+|"
              "review|permission|consent|limits?|restrictions?", gap=8),
        _near("always|automatically|immediately", "approve|grant|refund|issue|accept", "any|every|"
              "all|full|maximum", "refunds?|requests?|discounts?|payments?|claims?|amounts?",
              gap=3),
        _near("no|without(?: any)?", "restrictions?|limits?|limitations?|filters?|guardrails?|"
              "safety", "apply|applies|whatsoever|at all|exist", gap=2),
    )),
)  # fmt: skip
