"""What Python does while a module is imported, before anybody called it.

A package's own work is done in functions. At the top of a module, honest ones define, import and
compute; they do not open connections, start programs or run texts. Only calls of those names that
the module itself imported count, so that a method called `get` is nothing.
"""

import ast
from collections.abc import Iterator

_MAKERS = frozenset({"eval", "exec", "compile", "__import__"})
_REACHING = frozenset(
    "os.system os.popen os.spawnl os.spawnv os.execv os.execl os.execve os.fork os.startfile "
    "subprocess.run subprocess.call subprocess.Popen subprocess.check_call "
    "subprocess.check_output subprocess.getoutput urllib.request.urlopen "
    "urllib.request.urlretrieve http.client.HTTPSConnection http.client.HTTPConnection "
    "socket.socket socket.create_connection requests.get requests.post requests.request "
    "httpx.get httpx.post ctypes.CDLL marshal.loads pickle.loads".split()
)
_LATER = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def on_import(source: bytes) -> Iterator[str]:
    """Calls that reach the machine, the net, or texts as code. A module that is none says nothing:
    rule `wheels` and the start in the sandbox tell of it."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    names = _names(tree)
    for node in _at_once(tree):
        if isinstance(node, ast.Call):
            called = _called(node.func, names)
            written = bool(node.args) and isinstance(node.args[0], ast.Constant)
            if called in _REACHING or (called in _MAKERS and not written):
                yield f"calls {called} (line {node.lineno})"


def _at_once(node: ast.AST) -> Iterator[ast.AST]:
    """What runs at import: everything but the bodies of functions, and what stands under
    `if __name__ == "__main__"`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _LATER) or _is_main(child):
            continue
        yield child
        yield from _at_once(child)


def _is_main(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "__main__" in ast.dump(node.test)


def _names(tree: ast.Module) -> dict[str, str]:
    """Name -> what it stands for."""
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for one in node.names:
                short = one.name.partition(".")[0]
                found[one.asname or short] = one.name if one.asname else short
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def _called(node: ast.expr, names: dict[str, str]) -> str:
    if isinstance(node, ast.Attribute):
        owner = _called(node.value, names)
        return f"{owner}.{node.attr}" if owner else ""
    if isinstance(node, ast.Name):
        return names.get(node.id, node.id if node.id in _MAKERS else "")
    return ""
