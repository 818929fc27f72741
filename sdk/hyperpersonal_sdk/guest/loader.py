"""An author's source as modules: compiled once per release, loaded lazily into a fresh instance."""

import binascii
import marshal
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

from hyperpersonal_sdk.authoring import HostCallFailedError, Plugin


def compile_sources(files):
    """Source texts by path -> {module name: [code as base64 of marshal, is it a package]}.

    Raises:
        HostCallFailedError: kind `invalid`, with the file and line of the syntax error.
    """
    modules = {}
    for path, source in files.items():
        name, is_package = module_name(path)
        try:
            code = compile(source, path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:
            where = f"{path}:{getattr(error, 'lineno', None) or 1}"
            raise HostCallFailedError("invalid", f"{where}: {error}") from None
        modules[name] = [
            binascii.b2a_base64(marshal.dumps(code), newline=False).decode(),
            is_package,
        ]
    return modules


def module_name(path):
    """`a/b/__init__.py` -> ("a.b", True); `a/c.py` -> ("a.c", False)."""
    parts = path.removesuffix(".py").split("/")
    if parts[-1] == "__init__":
        return ".".join(parts[:-1]), True
    return ".".join(parts), False


class ReleaseFinder:
    """Finds the release's own modules; all others are in the snapshot or nowhere."""

    def __init__(self, modules):
        self._modules = modules

    def find_spec(self, name, path=None, target=None):
        if name not in self._modules:
            return None
        return ModuleSpec(name, self, is_package=bool(self._modules[name][1]))

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        # Signed source that was compiled in this very guest; and only the sandbox itself runs it.
        code = marshal.loads(binascii.a2b_base64(self._modules[module.__name__][0]))  # noqa: S302
        module.__file__ = code.co_filename
        exec(code, module.__dict__)  # noqa: S102


def load_plugin(entry, modules):
    """The one `Plugin` that the entry module binds at its top level.

    Raises:
        HostCallFailedError: kind `invalid`: no such module, no plugin, or more than one.
    """
    if entry not in modules:
        raise HostCallFailedError("invalid", f"the artifact has no module {entry}")
    finder = ReleaseFinder(modules)
    sys.meta_path[:] = [finder]  # all else is imported already, or not there
    module = ModuleType(entry)  # by hand: the import machinery costs as much as the whole rest
    module.__package__ = entry if modules[entry][1] else entry.rpartition(".")[0]
    if modules[entry][1]:
        module.__path__ = []
    sys.modules[entry] = module
    finder.exec_module(module)
    plugins = {id(value): value for value in vars(module).values() if isinstance(value, Plugin)}
    if len(plugins) != 1:
        raise HostCallFailedError(
            "invalid", f"{entry} must bind one plugin at top level, it binds {len(plugins)}"
        )
    return next(iter(plugins.values()))
