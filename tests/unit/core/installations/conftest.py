import pytest
from fakes.runtimes import LONG_S
from hyperpersonal_core.installations import host_service, remote_host


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short waits of the product that a busy machine would sit out: the test is not about them."""
    monkeypatch.setattr(remote_host, "RETAKE_DEADLINE_S", LONG_S)
    monkeypatch.setattr(host_service, "LAST_WORDS_S", LONG_S)
