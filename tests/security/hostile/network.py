"""Plugins that would reach the network inside by tricks with names, addresses and redirects.

`NAMES` is what the names lead to here; `$IN` is the port of a server inside that nobody may reach.
"""

from security.hostile.attack import SITE_GET, SITE_WRITE, Attack, agent, call

ANYWHERE = ("http:* http://*:*/*", "http:* https://*:*/*")
NAMES = {
    "127-0-0-1.nip.example": ["127.0.0.1"],
    "metadata.cloud.example": ["169.254.169.254"],
    "rebinds.example": ["93.184.216.34", "127.0.0.1"],
    "both.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "private.example": ["10.0.0.7"],
    "shared.example": ["100.64.0.1"],
    "local.example": ["fe80::1"],
    "unique.example": ["fd00::1"],
    "zero.example": ["0.0.0.0"],
    "many.example": ["224.0.0.1"],
    "all.example": ["255.255.255.255"],
    "trailing.example.": ["127.0.0.1"],
}
DENIED = "not granted: http:"
PRIVATE = "private network"


def fetches(name: str, url: str, words: str = PRIVATE, how: str = "trapped") -> Attack:
    """Under a grant for every public place."""
    return agent(f"network: {name}", "a server of the inside", f"return host.fetch({url!r}).body",
                 call(how, words), *ANYWHERE)  # fmt: skip


def named(name: str, host: str) -> Attack:
    return fetches(name, f"http://{host}:$IN/")


def refused(name: str, url: str, words: str = DENIED) -> Attack:
    return fetches(name, url, words, "refused")


ATTACKS = [
    refused("loopback behind a wildcard", "http://127.0.0.1:$IN/"),
    refused("localhost", "http://localhost:$IN/"),
    refused("a name under localhost", "http://a.localhost:$IN/"),
    refused("another loopback", "http://127.8.9.1:$IN/"),
    refused("the metadata address", "http://169.254.169.254/latest/meta-data"),
    refused("a private address", "http://10.0.0.7/"),
    refused("the loopback as one number", "http://2130706433:$IN/"),
    refused("the loopback in hexadecimal", "http://0x7f000001:$IN/"),
    refused("the loopback in octal", "http://0177.0.0.1:$IN/"),
    refused("the loopback, shortened", "http://127.1:$IN/"),
    refused("the metadata address as one number", "http://2852039166:$IN/"),
    refused("the metadata address in mixed bases", "http://0xa9.254.0251.254:$IN/"),
    refused("nought", "http://0:$IN/"),
    named("a name that spells an address", "127-0-0-1.nip.example"),
    named("a name for metadata", "metadata.cloud.example"),
    named("a name for IPv6 loopback", "six.example"),
    named("a name for a mapped address", "mapped.example"),
    named("a name through NAT64", "nat64.example"),
    named("a name through 6to4", "sixtofour.example"),
    named("a name in a private network", "private.example"),
    named("a name in a provider's network", "shared.example"),
    named("a name on the link", "local.example"),
    named("a name in a unique local network", "unique.example"),
    named("a name for nought", "zero.example"),
    named("a name for many", "many.example"),
    named("a name for all", "all.example"),
    refused("loopback in brackets", "http://[::1]:$IN/"),
    refused("a mapped address in brackets", "http://[::ffff:127.0.0.1]:$IN/"),
    refused("a mapped address in hexadecimal", "http://[::ffff:7f00:1]:$IN/"),
    refused("a zone", "http://[fe80::1%25lo]:$IN/"),
    refused("a trailing dot after an address", "http://127.0.0.1.:$IN/"),
    refused("a trailing dot after a name", "http://trailing.example.:$IN/"),
    refused("a user before the host", "http://good.example@127.0.0.1:$IN/"),
    refused("a user and a password", "http://good.example:80@127.0.0.1:$IN/"),
    refused("a fragment before the host", "http://127.0.0.1:$IN#@good.example/"),
    refused("a query before the host", "http://127.0.0.1:$IN?@good.example/"),
    refused("a backslash before the host", "http://good.example\\@127.0.0.1:$IN/"),
    refused("two ports", "http://good.example:80:$IN/"),
    refused("full-width digits", "http://\uff11\uff12\uff17.\uff10.\uff10.\uff11:$IN/"),
    refused("an ideographic full stop", "http://127\u30020\u30020\u30021:$IN/"),
    refused("circled letters", "http://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:$IN/"),
    refused("a soft hyphen", "http://local\u00adhost:$IN/"),
    refused("a line feed", "http://good.example\n@127.0.0.1:$IN/"),
    refused("a tab", "http://good.example\t:$IN/"),
    refused("a NUL", "http://good.example\x00.127.0.0.1:$IN/"),
    refused("a percent-encoded host", "http://%31%32%37.0.0.1:$IN/"),
    refused("files", "file:///etc/passwd"),
    refused("another protocol", "gopher://127.0.0.1:$IN/_GET"),
    refused("a socket", "unix:///var/run/docker.sock"),
    refused("no protocol", "//127.0.0.1:$IN/"),
    refused("upper case", "HTTP://127.0.0.1:$IN/"),
    refused("a URL of 10,000 characters", "http://good.example/" + "a" * 10_000),
    agent("network: a name that turns round after the check", "a server of the inside", """
        host.fetch("http://rebinds.example:$IN/first", method="HEAD")
        """, call("trapped", ""), *ANYWHERE),
    agent("network: a redirect to the inside", "a server of the inside", """
        away = host.fetch("$SITE/moved?to=http://127.0.0.1:$IN/")
        return host.fetch(away.headers["location"]).body
        """, call("refused", DENIED), SITE_GET),
    agent("network: a redirect to a name of the inside", "a server of the inside", """
        away = host.fetch("$SITE/moved?to=http://127-0-0-1.nip.example:$IN/")
        return host.fetch(away.headers["location"]).body
        """, call("trapped", PRIVATE), SITE_GET, *ANYWHERE),
    agent("network: a path above the granted one", "the rest of a shop",
          "return host.fetch('$SITE/open/../closed').body", call("refused", DENIED),
          "http:GET $SITE/open/*"),
    agent("network: an encoded path above the granted one", "the rest of a shop",
          "return host.fetch('$SITE/open/%2e%2e/closed').body", call("refused", DENIED),
          "http:GET $SITE/open/*"),
    agent("network: an encoded slash", "the rest of a shop",
          "return host.fetch('$SITE/open%2f..%2fclosed').body", call("refused", DENIED),
          "http:GET $SITE/open/*"),
    agent("network: another port of the granted host", "a server of the inside",
          "return host.fetch('http://127.0.0.1:$IN/').body", call("refused", DENIED), SITE_GET),
    agent("network: a method that was not granted", "a write",
          "return host.fetch('$SITE/x', method='DELETE').body", call("refused", DENIED), SITE_GET),
    agent("network: a method of the connection", "a tunnel",
          "return host.fetch('$SITE/x', method='CONNECT').body", call("refused", DENIED),
          "http:* $SITE/*"),
    agent("network: a method with a line feed", "a second request",
          "return host.fetch('$SITE/x', method='GET / HTTP/1.1\\r\\nX: y').body",
          call("refused", DENIED), "http:* $SITE/*"),
    agent("network: another Host header", "another tenant's shop on the same address",
          "return host.fetch('$SITE/x', headers={'Host': 'inside'}).body",
          call("refused", "cannot be set"), SITE_GET),
    agent("network: a header with a line feed", "a second request",
          "return host.fetch('$SITE/x', headers={'X': 'a\\r\\nHost: inside'}).body",
          call("refused", "printable ASCII"), SITE_GET),
    agent("network: a smuggled body", "a second request",
          "return host.fetch('$SITE/x', method='POST', body='5\\r\\n',"
          " headers={'Transfer-Encoding': 'chunked'}).body",
          call("refused", "cannot be set"), SITE_WRITE),
    agent("network: a length that lies", "a second request",
          "return host.fetch('$SITE/x', method='POST', body='GET / HTTP/1.1',"
          " headers={'Content-Length': '0'}).body", call("refused", "cannot be set"), SITE_WRITE),
]  # fmt: skip
