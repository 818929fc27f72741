"""The walls around an author's source: print, open, sleep and random, made safe and repeatable."""

import builtins
import io
import os
import random
import sys
import time

LINE_CHARS_MAX = 2_000


class LogStream(io.TextIOBase):
    """`print` and `sys.stderr` become log lines of the call."""

    def __init__(self, log):
        self._log = log
        self._line = ""

    def writable(self):
        return True

    def write(self, text):
        *lines, self._line = (self._line + text).split("\n")
        for line in filter(str.strip, lines):
            self._log(line)
        self._line = self._line[:LINE_CHARS_MAX]
        return len(text)

    def flush(self):
        if self._line.strip():
            self._log(self._line)
        self._line = ""


class LazyRandom(random.Random):
    """The `random` module's generator, seeded from the run's journal when it is first used.

    The snapshot's own state would be the same in every call of every tenant; seeding it eagerly
    (as the component's start code asks by `random.seed()`) costs more than a whole short call.
    """

    def __init__(self):
        self._seeded = False
        super().__init__(0)
        self._seeded = False

    def seed(self, a=None, version=2):
        if a is None:
            self._seeded = False
            return
        super().seed(a, version)
        self._seeded = True

    def random(self):
        if not self._seeded:
            self._seed_now()
        return super().random()

    def getrandbits(self, k):
        if not self._seeded:
            self._seed_now()
        return super().getrandbits(k)

    def _seed_now(self):
        self.seed(int.from_bytes(os.urandom(32), "big"))


def traceback_text(error):
    """The traceback by hand: the `traceback` module opens files, and there are none."""
    lines, step = [], error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        if "hyperpersonal_sdk" not in code.co_filename:
            lines.append(f"  {code.co_filename}:{step.tb_lineno} in {code.co_name}")
        step = step.tb_next
    lines.append(words_of(error))
    return "\n".join(lines)


def words_of(error):
    """`ValueError: what it says`, also when its own `__str__` fails."""
    try:
        text = str(error)
    except Exception:
        text = "(its text cannot be made)"
    name = type(error).__name__
    return clean(f"{name}: {text}" if text else name)


def clean(text):
    """At most one log line's length, and only what UTF-8 can carry."""
    return str(text)[:LINE_CHARS_MAX].encode("utf-8", "replace").decode()


def raise_walls(log):
    """Put up at build time, so that every instance starts behind them."""
    sys.stdout = LogStream(lambda text: log("info", text))
    sys.stderr = LogStream(lambda text: log("error", text))
    builtins.open = io.open = _refuse("files")
    builtins.input = _refuse("a terminal")
    time.sleep = _refuse("sleeping")
    _replace_random()


def _refuse(what):
    def refused(*args, **kwargs):
        raise PermissionError(f"plugins have no {what}; use the host's calls")

    return refused


def _replace_random():
    """Every function of the module that was bound to its generator is bound to the lazy one."""
    lazy, old = LazyRandom(), random._inst
    for name in dir(random):
        if getattr(getattr(random, name), "__self__", None) is old:
            setattr(random, name, getattr(lazy, name))
    random._inst = lazy
