"""Code made while it runs, and ways round the host: what a review of the sources cannot see."""

import ast
import re
from collections.abc import Iterator

from hyperpersonal_sdk.checks.python_words import Constants
from hyperpersonal_sdk.checks.reading import Reading
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.checks.script_words import Token, tokens

NAME = "dynamic_code"
REASON = "What is signed is what runs: code built at run time was in no review."
FIX = "Call functions by their names; reach the outside by the host's calls only."
WAIVABLE = True

MAKERS = frozenset({"eval", "exec", "compile", "__import__", "execfile", "breakpoint"})
_MODULES = {
    **dict.fromkeys(
        "marshal pickle cPickle _pickle shelve dill cloudpickle runpy code codeop imp "
        "pty".split(), "makes code of data"
    ),
    **dict.fromkeys("ctypes cffi _ctypes mmap".split(), "reaches past the interpreter"),
    **dict.fromkeys(
        "socket ssl subprocess multiprocessing urllib.request http.client ftplib smtplib telnetlib "
        "requests aiohttp urllib3 pycurl paramiko".split(), "goes round the host"
    ),
    **dict.fromkeys("sys.settrace gc inspect.currentframe".split(), "looks into what runs it"),
}  # fmt: skip
_ATTRIBUTES = frozenset(
    "__subclasses__ __globals__ __builtins__ __code__ __closure__ __bases__ __mro__ __import__ "
    "__loader__ __reduce__ __reduce_ex__ f_globals f_locals f_back gi_frame tb_frame cr_frame "
    "settrace setprofile".split()
)
_PROCESSES = frozenset(
    "system popen execv execve execl execvp spawnl spawnv spawnve fork forkpty startfile".split()
)
_OF_MODULES = (
    ("os", _PROCESSES, "starts another program"),
    ("os", frozenset("environ environb getenv getenvb walk scandir listdir expanduser".split()),
     "looks for what lies on the machine"),
    ("builtins", MAKERS, "makes code at run time"),
    ("types", frozenset({"FunctionType", "CodeType"}), "makes code at run time"),
    ("sys", frozenset({"modules", "meta_path", "path_hooks", "_getframe"}),
     "changes what an import means"),
)  # fmt: skip
_ON_THE_MACHINE = re.compile(
    r"^(?:~/|/(?:proc|etc|home|root|var|run|dev|sys|Users)/\S)"
    r"|(?:^|/)(?:\.(?:ssh|aws|netrc|npmrc|pypirc|kube|docker|gnupg)(?:/|$)|id_rsa|id_ed25519)"
)
_ENTRIES = frozenset({"dispatch", "hooks", "functions", "function_of", "tools"})
_HOSTILE_JS = frozenset({"eval", "execScript", "WebAssembly", "child_process"})


def check(reading: Reading) -> Iterator[Finding]:
    """Places where code is made, or the host is gone round."""
    for path, tree in reading.own_modules.items():
        constants, own = Constants(tree), _defined(tree)
        imported = _imported(tree)
        for node in ast.walk(tree):
            what = (
                _named(node, own)
                or _brought(node)
                or _reached(node, imported)
                or _looked_up(node, constants, imported)
                or _searched(node)
                or _patched(node, imported)
            )
            if what:
                yield Finding(f"{path}:{getattr(node, 'lineno', 0)}", what)
    for path, text in reading.scripts.items():
        yield from _script(path, tokens(text))


def _defined(tree: ast.Module) -> set[str]:
    """Functions of the module's own: a method called `compile` is not the builtin."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    top = {node.name for node in tree.body if isinstance(node, kinds)}
    arguments = {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
    return top | arguments


def _imported(tree: ast.Module) -> dict[str, str]:
    """Names that stand for modules, or for what was taken of one."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.split(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def _named(node: ast.AST, own: set[str]) -> str:
    if isinstance(node, ast.Name) and node.id in MAKERS - own and isinstance(node.ctx, ast.Load):
        return f"{node.id} makes code at run time"
    if isinstance(node, ast.Name) and node.id == "__builtins__":
        return "takes the builtins by their table"
    return ""


def _brought(node: ast.AST) -> str:
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        return ""
    for name in names:
        why = _MODULES.get(name) or _MODULES.get(name.split(".")[0])
        if why:
            return f"import of {name}: it {why}"
    return ""


def _reached(node: ast.AST, imported: dict[str, str]) -> str:
    if not isinstance(node, ast.Attribute):
        return ""
    if node.attr in _ATTRIBUTES:
        return f"{node.attr} leads out of the code one sees"
    module = imported.get(node.value.id, "") if isinstance(node.value, ast.Name) else ""
    if node.attr == "home" and isinstance(node.value, ast.Name) and node.value.id == "Path":
        return "Path.home looks for what lies on the machine"
    for name, attributes, why in _OF_MODULES:
        if module == name and node.attr in attributes:
            return f"{name}.{node.attr} {why}"
    return ""


def _patched(node: ast.AST, imported: dict[str, str]) -> str:
    """What is not the plugin's own keeps the meaning it had when somebody read it."""
    if not isinstance(node, ast.Attribute) or not isinstance(node.ctx, ast.Store | ast.Del):
        return ""
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    if owner in imported or owner == "host" or (owner == "plugin" and node.attr in _ENTRIES):
        return f"changes what {owner}.{node.attr} means"
    return ""


def _searched(node: ast.AST) -> str:
    """Paths of the machine: a plugin has only its own files."""
    text = node.value if isinstance(node, ast.Constant) else ""
    if isinstance(text, str) and _ON_THE_MACHINE.search(text):
        return f"names {text[:60]!r}, which is not the plugin's"
    return ""


def _looked_up(node: ast.AST, constants: Constants, imported: dict[str, str]) -> str:
    """getattr, globals()[…] and import_module with a name that a reader does not see."""
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call):
        called = getattr(node.value.func, "id", "")
        if called in ("globals", "locals", "vars") and not node.value.args:
            return f"looks a name up in {called}()"
    if not isinstance(node, ast.Call) or not node.args:
        return ""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name in ("import_module", "find_spec", "spec_from_file_location", "SourceFileLoader"):
        return f"{name} brings a module that no import names"
    if name in ("getattr", "setattr", "hasattr", "delattr", "attrgetter") and len(node.args) > 1:
        wanted, owner = constants.text(node.args[1]), node.args[0]
        if wanted in MAKERS | _ATTRIBUTES | _PROCESSES:
            return f"{name} takes {wanted}"
        module = isinstance(owner, ast.Name) and owner.id in imported
        if module and wanted is None:
            return f"{name} takes from a module what no reader sees"
    return ""


def _script(path: str, found: list[Token]) -> Iterator[Finding]:
    code = [token for token in found if token.kind != "comment"]
    for place, token in enumerate(code):
        after = code[place + 1] if place + 1 < len(code) else Token("mark", "", 0)
        before = code[place - 1].text if place else ""
        what = _script_word(token, before, after, code[place + 2 : place + 3])
        if what:
            yield Finding(f"{path}:{token.line}", what)


def _script_word(token: Token, before: str, after: Token, then: list[Token]) -> str:
    if token.kind == "string":
        hostile = token.text in ("child_process", "node:child_process", "vm", "node:vm")
        return f"brings {token.text}" if hostile else ""
    if token.kind != "name":
        return ""
    calls, word = after.text == "(", token.text
    literal = bool(then) and then[0].kind == "string"
    makes = f"{word} makes code at run time"
    told = (
        (word == "env" and before == ".", "looks for what lies on the machine"),
        (word in _HOSTILE_JS and (before != "." or word == "eval"), makes),
        (word == "Function" and (calls or before == "new"), makes),
        (word == "constructor" and before == "." and (calls or after.text == "."), makes),
        (word in ("globalThis", "window", "self") and after.text == "[", f"looks up in {word}"),
        (word in ("import", "require") and calls and not literal, f"{word} of what nobody sees"),
        (word in ("setTimeout", "setInterval") and calls and literal, makes),
    )
    return next((what for wrong, what in told if wrong), "")
