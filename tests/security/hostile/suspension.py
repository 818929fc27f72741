"""Plugins that would live through their suspension, or tell a second run from the first.

Each of them is put to sleep by a slow answer and run again; it must neither act twice nor notice.
"""

from security.hostile.attack import SITE_WRITE, Attack, agent, call

SLOW = "host.fetch('$SITE/slow').status"
ACT = "host.fetch('$SITE/act', method='POST').status"
AGAIN = "to act twice, or to act in a run that does not count"


def sleeps(name: str, body: str, words: str = "200", acts: int = 1, head: str = "") -> Attack:
    """It answers `words` at last, having acted so often."""
    body = body.replace("SLOW", SLOW).replace("ACT", ACT)
    return agent(f"suspension: {name}", AGAIN, body, call("ok", words), SITE_WRITE, acts=acts,
                 head=head)  # fmt: skip


def differs(name: str, expression: str, head: str = "") -> Attack:
    """It asks with a value that it hopes is another in the second run."""
    body = f"""
        run = repr(({expression}))[:200]
        return str(host.fetch('$SITE/slow', headers={{'X-Run': run}}).status)
        """
    return agent(f"suspension: tells runs apart by {name}", "to know that it is run again", body,
                 call("ok", "200"), SITE_WRITE, head=head)  # fmt: skip


def parts(name: str, body: str, again: str, words: str) -> Attack:
    """Run once, then again over the first run's journal with other words of the shopper."""
    return agent(f"replay: {name}", "an answer that was given for something else", body,
                 call("nondeterministic", words), SITE_WRITE, payload={"text": "1"},
                 again={"text": again}, acts=1)  # fmt: skip


ATTACKS = [
    sleeps("swallowed", """
        try: found = SLOW
        except BaseException: found = "swallowed"
        ACT
        return str(found)
        """),
    sleeps("swallowed in a loop", """
        while True:
            try:
                found = SLOW
                break
            except BaseException: pass
        ACT
        return str(found)
        """),
    sleeps("acting while it is handled", """
        try: found = SLOW
        except BaseException:
            ACT
            raise
        ACT
        return str(found)
        """),
    sleeps("acting at last", """
        try: return str(SLOW)
        finally: ACT
        """),
    sleeps("acting in a context's end", """
        class Holds:
            def __enter__(self): return self
            def __exit__(self, *error):
                ACT
                return True
        with Holds(): found = SLOW
        return str(found)
        """),
    sleeps("acting in a generator that is closed", """
        def steps():
            try: yield SLOW
            finally: ACT
        steps_ = steps()
        found = next(steps_)
        steps_.close()
        return str(found)
        """),
    sleeps("acting as an object dies", """
        class Dies:
            def __del__(self): ACT
        def inside():
            one = Dies()
            return SLOW
        return str(inside())
        """),
    sleeps("replaced by an exception of its own", """
        try: found = SLOW
        except BaseException as error: raise SystemExit(0)
        ACT
        return str(found)
        """),
    sleeps("made catchable", """
        try: found = SLOW
        except Exception: found = "caught"
        ACT
        return str(found)
        """, head="import hyperpersonal_sdk.authoring as own\nown.Suspended = ValueError"),
    sleeps("answered in the guest's place", """
        try: found = SLOW
        except BaseException:
            import sys
            sys.modules["hyperpersonal_sdk.guest.app"].failure_of = lambda error: None
            return "forged"
        ACT
        return str(found)
        """),
    sleeps("looping after it", """
        try: found = SLOW
        except BaseException:
            while True: pass
        ACT
        return str(found)
        """),
    sleeps("filling memory after it", """
        try: found = SLOW
        except BaseException: x = [bytearray(1 << 20) for _ in range(1000)]
        ACT
        return str(found)
        """),
    sleeps("traced", """
        import sys
        sys.settrace(lambda *a: None)
        sys.setprofile(lambda *a: None)
        found = SLOW
        ACT
        return str(found)
        """),
    sleeps("acting before it, too", """
        ACT
        found = SLOW
        return str(found)
        """),
    differs("the clock", "time.time()", "import time"),
    differs("a finer clock", "time.perf_counter_ns(), time.monotonic(), time.process_time()",
            "import time"),
    differs("the date", "datetime.datetime.now()", "import datetime"),
    differs("chance", "random.random(), random.getrandbits(64)", "import random"),
    differs("the system's chance", "os.urandom(8), secrets.token_hex()", "import os, secrets"),
    differs("a random id", "uuid.uuid4(), uuid.uuid4().int", "import uuid"),
    differs("an address", "id(object()), id(host), repr(lambda: 0)"),
    differs("a hash", "hash('x'), hash(object), list({'a', 'b', 'c', 'd', 'e'})"),
    differs("the collector", "gc.get_count(), gc.get_stats()", "import gc"),
    differs("the speed of the machine", "sum(range(10**5)) and time.perf_counter_ns()",
            "import time"),
    differs("what it left in a module", "(seen.append(1), len(seen))", "seen = []"),
    differs("what it left in the SDK", "vars(own).setdefault('runs', []).append(1), len(own.runs)",
            "import hyperpersonal_sdk.authoring as own"),
    parts("another argument", "host.fetch('$SITE/act', method='POST', body=turn.text)\nreturn 'x'",
          "2", "call 1 was http.fetch"),
    parts("another call under the number", """
        if turn.text == "1": ACT_
        else: host.now()
        return "x"
        """.replace("ACT_", ACT), "2", "call 1 was http.fetch"),
    parts("a call before the recorded one", f"if turn.text == '2': host.now()\n{ACT}\nreturn 'x'",
          "2", "call 1 was http.fetch"),
    parts("two calls the other way round", f"""
        if turn.text == "2": host.random_hex()
        {ACT}
        if turn.text == "1": host.random_hex()
        return "x"
        """, "2", "call 1 was http.fetch"),
    parts("the same words, spelt otherwise", """
        host._call('http.fetch', '{"url":"$SITE/act","method":"POST"' + turn.text[1:] + '}')
        return "x"
        """, "2 ", "call 1 was http.fetch"),
]  # fmt: skip
