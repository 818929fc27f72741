"""Code that hides what it does: encoded blobs, text put together from numbers, one endless line."""

import ast
import base64
import binascii
import math
import re
from collections import Counter
from collections.abc import Iterator

from hyperpersonal_sdk.checks.pictures import length_of
from hyperpersonal_sdk.checks.python_words import Constants, strings_of
from hyperpersonal_sdk.checks.reading import PICTURES, SCRIPTS, TESTS, Reading, lines
from hyperpersonal_sdk.checks.rule import Finding
from hyperpersonal_sdk.checks.script_words import tokens

NAME = "obfuscation"
REASON = "Code nobody can read is code nobody reviewed, whatever it does."
FIX = "Ship the plain source: data as JSON, texts as text, one statement a line."
WAIVABLE = True

LINE_CHARS_MAX = 1_000
BLOB_CHARS, BLOB_ENTROPY = 160, 4.0
STATEMENTS_MAX = 4
DECODED_CHARS = 8
NUMBERS_MAX = 24
BLANKS_MAX = 60
VALUE_CHARS_MAX = 40

_BLOB = re.compile(
    rf"[A-Za-z0-9+/_-]{{{BLOB_CHARS},}}={{0,2}}|(?:[0-9a-fA-F]{{2}}){{{BLOB_CHARS // 2},}}"
)
_ESCAPES = re.compile(r"(?:\\x[2-7][0-9a-fA-F]|\\u00[2-7][0-9a-fA-F]|\\u\{[2-7][0-9a-fA-F]\}){4,}")
_MANGLED = re.compile(r"_0x[0-9a-fA-F]{4,}")
_BRACKETS = re.compile(r"[\[\]()!+]{40,}")
_FAR = re.compile(rf"\S[ \t]{{{BLANKS_MAX},}}[^\s#]")
_DECODERS = frozenset(
    "b64decode b32decode b16decode b85decode a85decode urlsafe_b64decode standard_b64decode "
    "decodebytes unhexlify fromhex decompress a2b_base64 a2b_hex a2b_uu".split()
)


def check(reading: Reading) -> Iterator[Finding]:
    """Places where the text is not what is meant."""
    for path, text in reading.texts.items():
        yield from _blobs(path, text, _pictures(path, reading))
        if path.endswith((".py", *SCRIPTS)):
            yield from _lines(path, text)
    for path, tree in reading.modules.items():
        if not path.startswith(TESTS):
            yield from _module(path, tree)
    for path, text in reading.scripts.items():
        yield from _script(path, text)


def entropy(text: str) -> float:
    """Bits a character (Shannon)."""
    counts = Counter(text).values()
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts)


def _pictures(path: str, reading: Reading) -> list[str]:
    """Texts of a module that are pictures once their pieces are put together."""
    tree = reading.modules.get(path)
    texts = (words.text for words in strings_of(path, tree)) if tree else ()
    return [text for text in texts if len(text) >= BLOB_CHARS and _is_picture(text)]


def _blobs(path: str, text: str, pictures: list[str]) -> Iterator[Finding]:
    for number, line in lines(text):
        for found in _BLOB.finditer(line):
            encoded = entropy(found[0]) >= BLOB_ENTROPY or re.fullmatch("[0-9a-fA-F]+", found[0])
            shown = _is_picture(found[0]) or any(found[0] in one for one in pictures)
            if encoded and not shown:
                yield Finding(f"{path}:{number}", f"{len(found[0])} encoded characters")


def _is_picture(text: str) -> bool:
    """An icon is one, whole and with nothing behind its end; whoever looks at it sees all."""
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False
    return data.startswith(PICTURES) and len(data) <= length_of(data)


def _lines(path: str, text: str) -> Iterator[Finding]:
    for number, line in lines(text):
        where = f"{path}:{number}"
        if len(line) > LINE_CHARS_MAX and not _is_table(line):
            yield Finding(where, f"a line of {len(line)} characters")
        if _ESCAPES.search(line):
            yield Finding(where, "plain letters written as escapes")
        if _MANGLED.search(line) or _BRACKETS.search(line):
            yield Finding(where, "the mark of an obfuscator")
        if _FAR.search(line):
            yield Finding(where, "code far to the right, where nobody looks")


def _is_table(line: str) -> bool:
    """A line of small plain values, such as rows of a table: long, but there to be read."""
    name, equals, values = line.partition("=")
    if not equals or not re.fullmatch(r"[A-Za-z_]\w*\s*", name):
        return False
    try:
        tree = ast.parse(values.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    plain = ast.Dict | ast.List | ast.Tuple | ast.Constant | ast.Load
    return all(
        isinstance(one, plain) and len(str(getattr(one, "value", ""))) <= VALUE_CHARS_MAX
        for one in ast.walk(tree.body)
    )


def _module(path: str, tree: ast.Module) -> Iterator[Finding]:
    constants = Constants(tree)
    statements = Counter(node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt))
    for number, count in statements.items():
        if count > STATEMENTS_MAX:
            yield Finding(f"{path}:{number}", f"{count} statements in one line")
    for node in ast.walk(tree):
        what = _names(node) or _blank(node) or _decoding(node, constants)
        what = what or _assembling(node, constants)
        if what:
            yield Finding(f"{path}:{getattr(node, 'lineno', 0)}", what)


def _names(node: ast.AST) -> str:
    """Names have ASCII letters only: a Cyrillic `а` is another name that looks the same."""
    for field in ("id", "attr", "arg", "name"):
        name = getattr(node, field, "")
        if isinstance(name, str) and not name.isascii():
            return f"the name {name!r} has letters that look like others"
    return ""


def _blank(node: ast.AST) -> str:
    """A long text of nothing but blanks of two kinds is one nobody sees."""
    text = getattr(node, "value", "") if isinstance(node, ast.Constant) else ""
    unseen = isinstance(text, str) and len(text) > BLANKS_MAX and text.isspace()
    return "a text written in blanks" if unseen and len(set(text) - {"\n"}) > 1 else ""


def _decoding(node: ast.AST, constants: Constants) -> str:
    """A text that is decoded where it stands was encoded to be hidden."""
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        given = constants.text(node.args[0]) if node.args else None
        if name in _DECODERS and given is not None and len(given) >= DECODED_CHARS:
            return f"decodes a text written here ({name})"
        scheme = constants.text(node.args[1]) if name == "decode" and len(node.args) > 1 else None
        if scheme and re.fullmatch(r"rot.?13|hex.*|base.?64.*|zlib.*|zip|bz2.*|uu.*", scheme):
            return f"decodes by {scheme}"
        if name == "translate" and constants.text(getattr(node.func, "value", node)) is not None:
            return "translates a text written here"
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        text, step = constants.text(node.value), node.slice.step
        backwards = isinstance(step, ast.UnaryOp) and isinstance(step.op, ast.USub)
        if text is not None and len(text) >= DECODED_CHARS and backwards:
            return "a text written backwards"
    return ""


def _assembling(node: ast.AST, constants: Constants) -> str:
    """Text from numbers, and letters changed by XOR or by a shift."""
    if not isinstance(node, ast.Call):
        return ""
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    if name not in ("chr", "bytes", "bytearray", "join", "unichr"):
        return ""
    inside = [one for argument in node.args for one in ast.walk(argument)]
    numbers = [one for one in inside if isinstance(getattr(one, "value", None), int)]
    turned = (ast.BitXor,) if name != "chr" else (ast.BitXor, ast.Sub, ast.Add)
    computed = any(isinstance(one, ast.BinOp) and isinstance(one.op, turned) for one in inside)
    if computed and (name == "chr" or any(isinstance(one, ast.comprehension) for one in inside)):
        return "letters computed from numbers"
    if len(numbers) > NUMBERS_MAX:
        return f"a text made of {len(numbers)} numbers"
    return ""


def _script(path: str, text: str) -> Iterator[Finding]:
    found = tokens(text)
    for place, token in enumerate(found):
        after = [one.text for one in found[place + 1 : place + 12]]
        kinds = [one.kind for one in found[place + 1 : place + 12]]
        if token.kind != "name" or after[:1] != ["("]:
            continue
        literal = kinds[1:2] == ["string"] and len(after[1]) >= DECODED_CHARS
        if token.text in ("atob", "unescape", "decodeURIComponent") and literal:
            yield Finding(f"{path}:{token.line}", f"decodes a text written here ({token.text})")
        if token.text == "from" and literal and set(after) & {"base64", "hex"}:
            yield Finding(f"{path}:{token.line}", "decodes a text written here (Buffer.from)")
        if token.text == "fromCharCode" and (kinds.count("number") >= 4 or "^" in after):
            yield Finding(f"{path}:{token.line}", "a text made of numbers")
