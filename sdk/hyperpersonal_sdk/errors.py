"""What the SDK refuses, and what it calls a bug: two families, never mixed.

`BadInputError`: an author, a publisher or a stranger handed in something wrong; the message says
what is wrong and shows what to write. `CallerBugError`: our own code called something wrongly.
"""


class BadInputError(Exception):
    """Refused input. `code` is for machines and stable; the message is safe to show."""

    code = "bad_input"


class CapabilityError(BadInputError):
    """A text is no capability of the grammar."""

    code = "bad_capability"


class ManifestError(BadInputError):
    """`plugin.toml` is not as the schema says. `problems`: one line for each fault."""

    code = "bad_manifest"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class BundleError(BadInputError):
    """`bundle.toml` is not as the schema says. `problems`: one line for each fault."""

    code = "bad_bundle"

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class ArchiveError(BadInputError):
    """An archive is not canonical, or holds what no archive may hold. `code` names the rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CheckFailedError(BadInputError):
    """An archive may not be published. `code` names the rule."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UntrustedError(BadInputError):
    """A signature, or what it stands for, cannot be trusted. `code` names the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class CallerBugError(Exception):
    """The calling code is wrong; no input can cause it."""
