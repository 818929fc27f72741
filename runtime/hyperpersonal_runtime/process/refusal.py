"""Why a native plugin cannot run here."""


class EnvironmentRefusedError(Exception):
    """An environment cannot be built. `case`: `invalid`: the release's own fault; `unavailable`:
    not on this machine or not now."""

    def __init__(self, case: str, words: str) -> None:
        super().__init__(words)
        self.case = case
