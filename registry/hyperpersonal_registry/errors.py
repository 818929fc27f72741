"""What the registry refuses. `detail.reason` is stable and for machines."""

from hyperpersonal_core.kit.errors import RefusedError


class PublishRefusedError(RefusedError):
    """An artifact is not published."""

    code = "publish_refused"
    status = 422

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


class ReleaseRefusedError(RefusedError):
    """A release is not loaded: it is not, or no longer, to be trusted."""

    code = "release_refused"
    status = 403

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason
