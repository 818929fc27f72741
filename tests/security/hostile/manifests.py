"""Manifests that lie: of who wrote it, what it may, what it costs the host to check."""

from fakes.publishing import CODE, manifest
from security.hostile.attack import Attack, Refusal, publish

BAD = "bad_manifest"


def lies(name: str, tries: str, text: str, reason: str = BAD, words: str = "") -> Attack:
    """A manifest as given; `mallory/p` in it becomes the attack's own id."""
    files = {"plugin.toml": text.encode(), "hello.py": CODE.encode()}
    return Attack(name=f"manifest: {name}", tries=tries, refused=publish(reason, words),
                  files=files)  # fmt: skip


def says(name: str, tries: str, words: str, **parts: str) -> Attack:
    """The good manifest with a line replaced: `key` -> TOML value."""
    text = manifest("mallory/p")
    for key, value in parts.items():
        old = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
        text = text.replace(old, f"{key} = {value}")
    return lies(name, tries, text, words=words)


def more(name: str, tries: str, words: str, toml: str) -> Attack:
    return lies(name, tries, manifest("mallory/p", more=toml), words=words)


def asks(name: str, tries: str, words: str, *asked: str) -> Attack:
    return lies(name, tries, manifest("mallory/p", asks=asked), words=words)


DOUBLED = "a{0} = {{allOf = [{{'$ref' = '#/$defs/a{1}'}}, {{'$ref' = '#/$defs/a{1}'}}]}}\n"
DOUBLING = (
    "[config]\ntype = 'object'\nallOf = [{'$ref' = '#/$defs/a0'}]\n[config.'$defs']\n"
    + "".join(DOUBLED.format(n, n + 1) for n in range(40))
    + "a40 = {}\n"
)

ATTACKS = [
    lies("another publisher's name", "their reputation", manifest("acme/p"), "unknown_key"),
    lies("the platform's name", "its reputation", manifest("hyperpersonal/p"), "unknown_key"),
    lies("a name with look-alike letters", "another's reputation", manifest("m\u0430llory/p")),
    lies("not TOML", "a reader that guesses", "{"),
    lies("nested without end", "the registry's stack",
         manifest("mallory/p") + "[config]\nx = " + "[" * 20_000),
    lies("a manifest of 100 KiB", "the registry's time", manifest("mallory/p") + "#" * 100_000),
    says("a version that is none", "to be the newest for ever", "version", version='"latest"'),
    says("a version of a thousand digits", "to be the newest for ever", "version",
         version=f'"{"9" * 1000}.0.0"'),
    says("a hook that is none", "to be called where nobody looks", "hooks", hooks='["on_payment"]'),
    says("a hook of another kind", "to be called where nobody looks", "hooks",
         hooks='["reply", "call_tool"]'),
    says("a kind that is none", "the host's own rights", "kind", kind='"kernel"'),
    says("an entry outside", "code that nobody signed", "entry", entry='"../../evil"'),
    says("an entry by path", "code that nobody signed", "entry", entry='"/tmp/evil"'),
    says("a title that reads backwards", "a consent to something else", "U+202E",
         title='"Hello \\u202e"'),
    says("a title with a hidden space", "a consent to something else", "U+200B",
         title='"Hel\\u200blo"'),
    says("a title with a line feed", "a consent screen of its own", "U+000A",
         title='"Hello\\nAsks nothing"'),
    says("a title of a thousand letters", "a consent screen of its own", "title",
         title=f'"{"x" * 1000}"'),
    asks("a capability that is none", "whatever it may become", "is no capability", "all:*"),
    asks("a wildcard in a tool", "every tool", "is no capability", "tool:*.write"),
    asks("a wildcard in a host", "every shop", "is no host", "http:GET https://*shop.example/*"),
    asks("a path with dots", "the rest of a shop", "is no path pattern",
         "http:GET https://shop.example/a/../*"),
    asks("no bound for money", "all the money", "is no capability", "money:refund"),
    asks("money below nought", "a ceiling that grows", "is no capability",
         "money:refund<=-5.00 USD/turn"),
    asks("more money than there is", "all the money", "between 1 and",
         "money:refund<=9999999999999.00 USD/turn"),
    asks("a store of a terabyte", "the database's disk", "between 1 and", "kv:1024GiB"),
    asks("another spelling of a right", "a hash that differs", "canonical", "kv:1024KiB"),
    asks("one right twice", "a longer list than anybody reads", "asked twice",
         "kv:1MiB", "kv:1MiB"),
    more("more memory than the platform gives", "the host's memory", "memory_mib",
         "[limits]\nmemory_mib = 4096\n"),
    more("more CPU than the platform gives", "a core", "guest_cpu_ms",
         "[limits]\nguest_cpu_ms = 60000\n"),
    more("calls without end", "the host's time", "host_calls", "[limits]\nhost_calls = 1000000\n"),
    more("a limit that is none", "a limit nobody holds", "no_limits",
         "[limits]\nno_limits = true\n"),
    more("a runtime that is none", "no sandbox", "runtime", "[runtime]\nkind = 'native'\n"),
    more("its own grants", "rights without consent", "`grants`", "grants = ['kv:1MiB']\n"),
    more("a credential with a line feed", "a second header", "header",
         '[[secrets]]\nheader = "X\\r\\nHost"\nwhy = "x"\n'),
    more("a config that refers to the network", "a request from the host", "own definitions",
         "[config]\ntype = 'object'\n'$ref' = 'http://127.0.0.1/x'\n"),
    more("a config with a pattern that backtracks", "the host's CPU", "may not use",
         "[config]\ntype = 'object'\n[config.properties.a]\npattern = '(a+)+$'\n"),
    more("a config that doubles forty times", "the host's CPU", "config", DOUBLING),
    more("a config that refers to itself", "the host's stack", "config",
         "[config]\ntype = 'object'\nallOf = [{'$ref' = '#'}]\n"),
    more("a config that refers by an anchor", "a request from the host",
         "may not use '$dynamicRef'", "[config]\ntype = 'object'\n'$dynamicRef' = 'http://127.0.0.1/x'\n"),
    more("a config with an address of its own", "a request from the host", "may not use '$id'",
         "[config]\ntype = 'object'\n'$id' = 'http://127.0.0.1/'\n"),
    more("a config nested deeper than anybody reads", "the registry's stack", "deeper than 32",
         "[config]\ntype = 'object'\ndefault = " + "[" * 60 + "]" * 60 + "\n"),
    more("a config that refers to nothing", "an error at every consent", "config",
         "[config]\ntype = 'object'\nallOf = [{'$ref' = '#/$defs/gone'}]\n"),
    Attack(name="manifest: grants beyond what it asks", tries="rights nobody reviewed",
           refused=Refusal("install", "more_than_asked", "kv:1MiB"),
           files={"hello.py": CODE.encode()}, asks=("knowledge:read",),
           grants=("knowledge:read", "kv:1MiB")),
    Attack(name="manifest: a config nobody described", tries="a setting no reviewer saw",
           refused=Refusal("install", "bad_config"), files={"hello.py": CODE.encode()},
           asks=("knowledge:read",), config={"admin": True}),
]  # fmt: skip
