"""WebAssembly components written by hand: nothing of an SDK stands between them and the host."""

from fakes.components import ASK, BURN, GROW, component
from security.hostile.attack import Attack, Refusal, call, publish

KIND = "[runtime]\nkind = 'component'\n[limits]\nguest_cpu_ms = 60\n"
SOURCE = b"(component)"  # what its author says it was built from; nobody rebuilds it
CLOCK = ASK.format(name=9, payload=2)
LOOP = f"(loop $again {CLOCK} (br $again)) (i32.const 0)"
STOPS = "(i32.store (i32.const 8192) (i32.const 1)) (i32.store (i32.const 8196) (i32.const {})) "
READ = {"name": "tool.call", "payload": '{"tool":"commerce.orders.get","arguments":{}}'}
STEAL = {"name": "http.fetch", "payload": '{"url":"http://169.254.169.254/"}'}


def crafted(name: str, tries: str, data: bytes, refused: Refusal, *asks: str) -> Attack:
    return Attack(name=f"component: {name}", tries=tries, refused=refused, more=KIND, asks=asks,
                  files={"plugin.wasm": data, "src/plugin.wat": SOURCE})  # fmt: skip


def runs(name: str, tries: str, body: str, how: str, words: str = "") -> Attack:
    """It is let in, and ends so."""
    return crafted(name, tries, component(body), call(how, words))


def holds(name: str, tries: str, core: str, how: str = "trapped", words: str = "") -> Attack:
    """A core module of its own beside the one that is called."""
    more = f"(core module $more {core}) (core instance $more (instantiate $more))"
    return crafted(name, tries, component(more=more), call(how, words))


USED = """
(import "{0}" (instance $way (export "open" (func))))
(core func $open (canon lower (func $way "open")))
(core module $more (import "way" "open" (func $open)) (func $f (call $open)) (start $f))
(core instance (instantiate $more (with "way" (instance (export "open" (func $open))))))"""


def uses(name: str, interface: str, refused: Refusal) -> Attack:
    """Asks to be linked to something else than the world, and calls it."""
    data = component(more=USED.format(interface))
    return crafted(name, "a way out", data, refused)


ATTACKS = [
    runs("a loop", "a core for itself", BURN, "timed_out", "ms of CPU"),
    runs("a loop of host calls", "the host's time", LOOP, "over_limit", "host calls"),
    runs("a recursion", "a crash of the worker", "(call 1 (i32.const 0) (i32.const 0))", "trapped"),
    runs("memory without end", "the worker's memory", GROW, "trapped"),
    runs("a division by nought", "a crash of the worker", "(i32.div_u (i32.const 1) (i32.const 0))",
         "trapped"),
    runs("a trap", "a crash of the worker", "unreachable", "trapped"),
    runs("an answer outside its memory", "the host's memory", "(i32.const 65536000)", "trapped"),
    runs("an answer at the last byte", "the host's memory", "(i32.const -1)", "trapped"),
    runs("an answer that is no variant", "a confused host",
         "(i32.store (i32.const 8192) (i32.const 77)) (i32.const 8192)", "trapped"),
    runs("a failure that is none", "a confused host", STOPS.format(77) + "(i32.const 8192)",
         "trapped"),
    runs("a text of four gigabytes", "the host's memory",
         "(i32.store (i32.const 8196) (i32.const 0)) (i32.store (i32.const 8200) (i32.const -1))"
         " (i32.const 8192)", "trapped"),
    runs("a suspension nobody ordered", "a turn that never ends",
         STOPS.format(6) + "(i32.const 8192)", "trapped", "suspended"),
    runs("a request outside its memory", "the host's memory",
         "(call $call (i32.const 16) (i32.const 9) (i32.const -64) (i32.const 4096)"
         " (i32.const 8192)) (i32.const 8192)", "trapped"),
    runs("a request of two gigabytes", "the host's memory",
         "(call $call (i32.const 16) (i32.const 9) (i32.const 0) (i32.const 2147483647)"
         " (i32.const 8192)) (i32.const 8192)", "trapped"),
    runs("a name that is no UTF-8", "a confused host",
         f"(i32.store (i32.const 16) (i32.const -1)) {CLOCK} (i32.const 8192)", "trapped"),
    runs("an answer written over", "the host's memory",
         "(call $call (i32.const 16) (i32.const 9) (i32.const 128) (i32.const 2)"
         " (i32.const -4)) (i32.const 8192)", "trapped"),
    crafted("a tool without a grant", "a right nobody gave", component(**READ),
            call("refused", "not granted: tool:commerce.orders.read")),
    crafted("the metadata address", "the cloud's keys", component(**STEAL),
            call("refused", "not granted: http:GET"), "http:* http://*:*/*"),
    crafted("a call that is none", "another way out",
            component(name="os.system", payload='{"command":"id"}'),
            call("refused", "no host call")),
    crafted("an answer of another shape", "a confused host", component(),
            call("trapped", "something else")),
    uses("sockets", "wasi:sockets/tcp@0.2.9", call("trapped", "wasi:sockets/tcp")),
    uses("files", "wasi:filesystem/types@0.2.9", call("trapped", "wasi:filesystem/types")),
    uses("requests", "wasi:http/outgoing-handler@0.2.9", call("trapped", "wasi:http")),
    uses("an interface of its own", "evil:net/socket@1.0.0", call("refused", "imports evil:net")),
    holds("a start that loops", "the lock on making instances",
          "(func $f (loop (br 0))) (start $f)", "timed_out", "ms of CPU"),
    holds("a start that traps", "a crash of the worker", "(func $f unreachable) (start $f)"),
    holds("four gigabytes at the start", "the worker's memory", "(memory 65536)"),
    holds("a second memory", "twice the worker's memory", "(memory 900)"),
    holds("a table of ten million", "the worker's memory", "(table 10000000 funcref)"),
    crafted("a core module", "a module the host would have to guess about",
            b"\0asm\x01\0\0\0", publish("no_entry", "no WebAssembly component")),
    crafted("only the first eight bytes", "a crash of the compiler", b"\0asm\x0d\0\1\0" + bytes(99),
            call("refused", "component")),
    crafted("text instead of a component", "a compiler that reads text", b"(component)",
            publish("no_entry", "no WebAssembly component")),
    crafted("nothing", "a crash of the compiler", b"", publish("no_entry")),
]  # fmt: skip
