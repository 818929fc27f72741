"""What the marketplace refuses. `detail.reason` is stable and for machines."""

from hyperpersonal_core.kit.errors import RefusedError


class MarketRefusedError(RefusedError):
    """Something a merchant or publisher may not do here, or not so."""

    code = "market_refused"
    status = 422

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message, reason=reason)
        self.reason = reason


class InstallRefusedError(MarketRefusedError):
    """An installation would not be as its manifest or its tenant's consent says."""

    code = "install_refused"
