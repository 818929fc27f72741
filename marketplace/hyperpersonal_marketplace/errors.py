"""What the marketplace refuses. `detail.reason` is stable and for machines."""

from hyperpersonal_core.kit.errors import RefusedError


class InstallRefusedError(RefusedError):
    """An installation would not be as its manifest or its tenant's consent says."""

    code = "install_refused"
    status = 422

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason
