"""Plugins that look for what another tenant, contact or installation left: by store, memory,
modules, warm instances, credentials. No clock is read; channels by time are not promised.

The neighbour keeps its canary in each of these places.
"""

from typing import Any

from security.hostile.attack import SITE_GET, Attack, agent, call

NOTHING = "nothing of anybody's"


def looks(name: str, expression: str, *asks: str, **more: Any) -> Attack:
    """Says what it found, or raises that there was nothing."""
    body = f"""
        found = {expression}
        if found: return "STOLEN " + repr(found)
        raise HostCallFailedError("not-found", "{NOTHING}")
        """
    return agent(f"neighbour: {name}", "what is another's", body, call("refused", NOTHING), *asks,
                 **more)  # fmt: skip


def claims(name: str, line: str, *asks: str, words: str = "unknown field") -> Attack:
    """Names somebody else as the one on whose behalf it calls."""
    return agent(f"neighbour: {name}", "to be somebody else", line, call("refused", words), *asks)


def leaves(name: str, put: str, seen: str, head: str = "") -> Attack:
    """Run by the neighbour first, then here: what the first run put must not be seen."""
    return looks(name, f"({seen}, {put})[0]", head=head, elsewhere=True)


KV, MEMORY = "kv:1MiB", "memory:contact.read"

ATTACKS = [
    looks("its key in the store", "host.call('kv.get', key='note').value", KV),
    looks("all keys of the store", "host.call('kv.keys').get('keys')", KV),
    looks("keys by a pattern", "host.call('kv.keys', prefix='%').get('keys')", KV),
    looks("keys by a path", "host.call('kv.get', key='../honest/note').value", KV),
    looks("keys by SQL", "host.call('kv.get', key=\"' or 1=1 --\").value", KV),
    looks("another installation's key of its own tenant", "host.call('kv.get', key='own').value",
          KV),
    looks("facts about another's contact", "host.recall('CANARY').facts", MEMORY),
    looks("another's articles by memory", "host.recall('returns CANARY', limit=20).passages",
          MEMORY),
    looks("another's articles by search", "host.search('returns CANARY', limit=20)",
          "knowledge:read"),
    looks("another's configuration", "host.config"),
    looks("another's credential", "'CANARY' in host.fetch('$SITE/whoami').body", SITE_GET),
    claims("a tenant in a request", "host.call('kv.get', key='note', tenant_id='$NEIGHBOUR')", KV),
    claims("an installation in a request",
           "host.call('kv.get', key='note', installation_id='$HONEST')", KV),
    claims("a contact in a request", "host.call('memory.recall', contact_id='$CONTACT')", MEMORY),
    claims("a contact to remember about",
           "host.call('memory.remember', key='a', value=1, contact_id='$CONTACT')",
           "memory:contact.write"),
    claims("a scope in a request", "host.call('knowledge.search', query='x', scope={'tenant_id':"
           "'$NEIGHBOUR'})", "knowledge:read"),
    claims("a path of the journal", "host.call('clock.now', path='1.1')"),
    claims("an idempotency key beside the request",
           "host.call('http.fetch', url='$SITE/x', idempotency_key='y')", SITE_GET),
    claims("a draft nobody asked for", "host.call('model.delta', text='x')", words="draft"),
    leaves("a name in a module", "vars(json).update(mine=1)", "getattr(json, 'mine', 0)"),
    leaves("an attribute of a class", "setattr(Reply, 'mine', 1)", "getattr(Reply, 'mine', 0)"),
    leaves("a builtin", "vars(builtins).update(mine=1)", "getattr(builtins, 'mine', 0)",
           "import builtins"),
    leaves("a module in the table of modules", "sys.modules.update(mine=sys)",
           "'mine' in sys.modules", "import sys"),
    leaves("an environment variable", "os.environ.update(MINE='1')", "os.environ.get('MINE')",
           "import os"),
    leaves("a global of its own", "kept.append(1)", "list(kept)", "kept = []"),
    leaves("a default argument", "Host.call.__kwdefaults__ or setattr(Host.call, 'mine', 1)",
           "getattr(Host.call, 'mine', 0)"),
    leaves("a seeded generator", "random.seed(1)",
           "random.getstate() == random.Random(1).getstate()", "import random"),
    leaves("a cached pattern", "re.compile('mine')", "any('mine' in str(k) for k in re._cache)",
           "import re"),
    leaves("a codec", "codecs.register(lambda name: None)",
           "len([f for f in gc.get_objects() if getattr(f, '__name__', '') == '<lambda>'"
           " and 'codecs' in getattr(f.__code__, 'co_names', ())])", "import codecs, gc"),
]  # fmt: skip
