"""Plugins that want more than their share: CPU, memory, stack, output, log, journal, time."""

from security.hostile.attack import SITE_GET, Attack, agent, call

CPU = call("timed_out", "ms of CPU between host calls")
MEMORY = call("over_limit", "out of memory")
STACK = call("trapped", "")
SHORT = "[limits]\ndeadline_ms = 900\nguest_cpu_ms = 100\n"
SMALL_CPU = "[limits]\nguest_cpu_ms = 40\n"
RAW = """
json.JSONEncoder.encode = lambda self, value: {}
return "x"
"""


def burns(name: str, body: str, head: str = "") -> Attack:
    return agent(f"cpu: {name}", "a core for itself", body, CPU, head=head, more=SMALL_CPU)


def hoards(name: str, body: str) -> Attack:
    return agent(f"memory: {name}", "the worker's memory", body, MEMORY)


def digs(name: str, body: str, words: str = "") -> Attack:
    return agent(f"stack: {name}", "a crash of the worker", body, call("trapped", words))


ATTACKS = [
    burns("a loop", "while True: pass"),
    burns("a loop in a comprehension", "return str(sum(x for x in iter(int, 1)))"),
    burns("a loop at import", "return ''", head="while True: pass"),
    burns("a loop that catches everything", """
        while True:
            try: 1 / 0
            except BaseException: pass
        """),
    burns("a regular expression that backtracks", "json.re.match('(a+)+$', 'a' * 40 + 'b')",
          head="import re\njson.re = re"),
    burns("a huge power", "return str(pow(7, 10**8))"),
    burns("a factorial", "import math\nreturn str(math.factorial(10**7))"),
    burns("a sort that never decides", """
        class Odd:
            def __lt__(self, other):
                while True: pass
        sorted([Odd(), Odd()])
        """),
    burns("a loop while objects die", """
        class Undead:
            def __del__(self):
                while True: pass
        one = Undead()
        del one
        """),
    burns("a loop while it is shown", """
        class Odd(Exception):
            def __str__(self):
                while True: pass
        raise Odd
        """),
    burns("a loop in what is answered", """
        class Odd(Reply):
            def to_json(self):
                while True: pass
        return Odd("x")
        """),
    burns("a dictionary of equal hashes", """
        class Same:
            def __hash__(self): return 1
            def __eq__(self, other): return self is other
        return str(len({Same(): n for n in range(10**6)}))
        """),
    burns("hashes without end", "while True: sha256(bytes(1 << 22)).digest()",
          head="from hashlib import sha256"),
    agent("cpu: a little less than allowed, again and again", "a core, a slice at a time", """
        while True:
            total = sum(range(150_000))
            host.now()
        """, call("timed_out", "deadline"), more=SHORT),
    hoards("a list of blocks", "return str(len([bytearray(1 << 20) for _ in range(1000)]))"),
    hoards("one block", "return 'x' * (1 << 30)"),
    hoards("a doubling list", "held = [0]\nwhile True: held += held"),
    hoards("a bomb of zeros", """
        import zlib
        held = bytearray(45 << 20)
        bomb = zlib.compress(bytes(1 << 20))
        return str([zlib.decompress(bomb) for _ in range(100)])
        """),
    hoards("a bomb of text", "held = bytearray(45 << 20)\nreturn json.dumps(['x' * 1000] * 10**5)"),
    digs("a recursion", "def f(): return f()\nreturn f()", "RecursionError"),
    digs("a recursion without a limit",
         "import sys\nsys.setrecursionlimit(10**9)\ndef f(): return f()\nreturn f()"),
    digs("JSON nested without end", "return json.loads('[' * 200_000)"),
    digs("source nested without end", "return eval('-' * 100_000 + '1')"),
    digs("a pattern nested without end",
         "import re\nreturn str(re.compile('(' * 5000 + ')' * 5000))"),
    digs("bytecode that is none", """
        def f(): return 0
        f.__code__ = f.__code__.replace(co_code=bytes([100, 255] * 100))
        return f()
        """),
    digs("an abort", "import os\nos.abort()", "unreachable"),
    digs("an exit", "import os\nos._exit(0)", "exit"),
    digs("a SystemExit", "raise SystemExit(0)", "SystemExit"),
    agent("output: a long text", "the host's memory", "return 'x' * 2_000_000",
          call("over_limit", "65536 are allowed")),
    agent("output: nested beyond what decoders bear", "the host's stack",
          RAW.format("""'{"text":"x","state":{"a":' + '[' * 20000 + ']' * 20000 + '}}'"""),
          call("over_limit", "nested over 64 levels")),
    agent("output: half a nest", "the host's stack", RAW.format("'[' * 60000"),
          call("over_limit", "nested over 64 levels")),
    agent("output: a number out of all range", "a host that computes with it",
          RAW.format("""'{"text":"x","confidence":1e999}'"""), call("trapped", "out of range")),
    agent("output: a number of 5,000 digits", "the host's CPU",
          RAW.format("""'{"text":"x","state":{"a":' + '9' * 5000 + '}}'"""),
          call("trapped", "out of range")),
    agent("output: half a character", "a host that cannot write it down",
          RAW.format("""'{"text":"\\\\ud800"}'"""), call("trapped", "something else")),
    agent("output: no text at all", "a confused host", RAW.format("5"), call("trapped", "")),
    agent("output: no JSON", "a confused host", RAW.format("'\\x00'"),
          call("trapped", "something else")),
    agent("output: a confidence beyond certainty", "every conversation",
          "return Reply('x', confidence=7)", call("trapped", "something else")),
    agent("output: no number", "a confused host", "return Reply('x', confidence=float('nan'))",
          call("trapped", "ValueError")),
    agent("log: two thousand lines", "the disk", """
        for n in range(2_000): print("line", n)
        raise ValueError("after the flood")
        """, call("trapped", "after the flood")),
    agent("log: lines of a megabyte", "the disk", """
        for n in range(20): print("x" * (1 << 20))
        raise ValueError("after the flood")
        """, call("trapped", "after the flood")),
    agent("log: other people's lines", "a false trail",
          "host.log('x\\ninfo: agent acme/honest was paid')\nraise ValueError('\\nerror: nothing')",
          call("trapped", "ValueError")),
    agent("calls: more than allowed", "the host's time", "while True: host.now()",
          call("over_limit", "more than 200 host calls")),
    agent("calls: refused ones", "the host's time", """
        while True:
            try: host.tool("x.y")
            except HostCallFailedError: pass
        """, call("over_limit", "more than 200 host calls")),
    agent("calls: every swallowed limit", "the host's time", """
        while True:
            try: host.now()
            except BaseException: pass
        """, call("over_limit", "more than 200 host calls")),
    agent("calls: one of a megabyte", "the host's memory",
          "host.call('kv.put', key='a', value='x' * (1 << 20))",
          call("over_limit", "a request has at most 262144 bytes"), "kv:1MiB"),
    agent("calls: a name of a megabyte", "the host's memory", "host.call('x' * (1 << 20))",
          call("over_limit", "bytes")),
    agent("calls: nested beyond what decoders bear", "the host's stack", """
        host._call('kv.put', '{"key":"a","value":' + '[' * 20000 + ']' * 20000 + '}')
        """, call("over_limit", "nested at most 64 levels"), "kv:1MiB"),
    agent("journal: 200 large requests", "the database's disk", """
        value = "x" * 200_000
        for n in range(190):
            try: host._call("kv.put", '{"key":"","value":"' + value + '"}')
            except HostCallFailedError: pass
        return "filled"
        """, call("over_limit", "characters of journal"), "kv:1MiB"),
    agent("store: more than granted", "the database's disk", """
        for n in range(20): host.call("kv.put", key=str(n), value="x" * 1000)
        """, call("over_limit", "are granted"), "kv:8KiB"),
    agent("store: keys that sort everywhere", "the database's disk",
          "host.call('kv.put', key='k' * 201, value=1)", call("refused", "200 characters"),
          "kv:1MiB"),
    agent("store: a character no database keeps", "an error in the database",
          "host.call('kv.put', key='a\\x00b', value=1)", call("refused", "NUL"), "kv:1MiB"),
    agent("memory: a key no database keeps", "an error in the database",
          "host.remember('a\\x00b', 1)", call("refused", "NUL"), "memory:contact.write"),
    agent("memory: a value no database keeps", "an error in the database",
          "host.remember('a', ['a\\x00b'])", call("refused", "NUL"), "memory:contact.write"),
    agent("memory: a question no database reads", "an error in the database",
          "raise ValueError(len(host.search('a\\x00b')))", call("trapped", "ValueError: 0"),
          "knowledge:read"),
    agent("memory: facts of a megabyte", "the contact's record",
          "host.remember('a', 'x' * 100_000)", call("refused", "16 KiB"), "memory:contact.write"),
    agent("slow: an answer that drips", "a lane for ever", "host.fetch('$SITE/drip')",
          call("timed_out", "deadline"), SITE_GET, more=SHORT),
    agent("slow: one wait after the other", "a lane for ever",
          "while True: host.fetch('$SITE/slow')", call("timed_out", ""), SITE_GET, more=SHORT),
    agent("slow: 60 requests", "the shop's patience",
          "for n in range(60): host.fetch('$SITE/x')",
          call("over_limit", "at most 50 requests a turn"), SITE_GET),
    agent("slow: sleeping", "a lane for ever", "import time\ntime.sleep(30)",
          call("trapped", "PermissionError")),
    agent("slow: sleeping below the walls", "a lane for ever", """
        import _thread
        lock = _thread.allocate_lock()
        lock.acquire()
        lock.acquire()
        """, call("trapped", "")),
]  # fmt: skip
