"""What Python sources say: strings as they are when the pieces are put together, and comments."""

import ast
import io
import tokenize
from collections.abc import Iterator

from hyperpersonal_sdk.checks.reading import Reading, Words

FOLDED_CHARS_MAX = 100_000
_QUOTE = "'"


class Constants:
    """Folds expressions of one module that have the same value in every run."""

    def __init__(self, tree: ast.Module) -> None:
        self._names: dict[str, str] = {}
        changed: set[str] = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._bind(node.targets[0], node.value, changed)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._bind(node.target, node.value, changed)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                changed.add(node.target.id)
        for name in changed:
            self._names.pop(name, None)

    def _bind(self, target: ast.expr, value: ast.expr, changed: set[str]) -> None:
        if isinstance(target, ast.Name):
            folded = self.text(value)
            if folded is None or target.id in self._names:
                changed.add(target.id)
            else:
                self._names[target.id] = folded

    def text(self, node: ast.AST) -> str | None:
        """The text of an expression; None when it depends on the run. Bytes read as Latin-1."""
        if isinstance(node, ast.Constant):
            return _plain(node.value)
        if isinstance(node, ast.Name):
            return self._names.get(node.id)
        if isinstance(node, ast.JoinedStr):
            return "".join(self._part(part) for part in node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined("", [node.left, node.right])
        if isinstance(node, ast.Call):
            return self._called(node)
        return None

    def _part(self, part: ast.expr) -> str:
        """What an f-string puts in at run time reads as a blank."""
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        return self.text(inner) or " "

    def _called(self, node: ast.Call) -> str | None:
        """`"".join([...])`, and `chr` of a number."""
        if isinstance(node.func, ast.Name) and node.func.id == "chr" and len(node.args) == 1:
            value = getattr(node.args[0], "value", None)
            return chr(value) if isinstance(value, int) and 0 <= value < 0x110000 else None
        if isinstance(node.func, ast.Attribute) and node.func.attr == "join" and node.args:
            between, given = self.text(node.func.value), node.args[0]
            if between is not None and isinstance(given, ast.List | ast.Tuple):
                return self._joined(between, given.elts)
        return None

    def _joined(self, between: str, nodes: list[ast.expr]) -> str | None:
        parts = [self.text(node) for node in nodes]
        if any(part is None for part in parts):
            return None
        text = between.join(part for part in parts if part is not None)
        return text if len(text) <= FOLDED_CHARS_MAX else None


def _plain(value: object) -> str | None:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def strings(reading: Reading) -> Iterator[Words]:
    """Every string of the plugin's modules, whole, and every comment."""
    for path, tree in reading.modules.items():
        yield from strings_of(path, tree)
        yield from _comments(path, reading.texts[path])


def strings_of(path: str, tree: ast.Module) -> Iterator[Words]:
    """Every string of one module; the pieces of a folded one are not told again."""
    constants, inside = Constants(tree), set[int]()
    for node in ast.walk(tree):
        if id(node) in inside or not isinstance(node, ast.expr) or isinstance(node, ast.Name):
            continue
        text = constants.text(node)
        if text is not None:
            inside.update(map(id, ast.walk(node)))
            yield Words(path, node.lineno, text)


def _comments(path: str, source: str) -> Iterator[Words]:
    """Comments; those on following lines are one text."""
    block: list[str] = []
    start = last = 0
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return
    for token in tokens:
        if token.type != tokenize.COMMENT:
            continue
        number = token.start[0]
        if block and number != last + 1:
            yield Words(path, start, " ".join(block))
            block = []
        start = number if not block else start
        block.append(token.string.lstrip("#! "))
        last = number
    if block:
        yield Words(path, start, " ".join(block))
