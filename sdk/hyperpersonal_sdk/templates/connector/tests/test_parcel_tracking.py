from hyperpersonal_sdk.contract.outcomes import FailureKind
from hyperpersonal_sdk.testing.sandbox import PluginSandbox

CARRIER = '{"status": "in transit", "place": "Denver", "weight": 3}'


def test_that_the_carrier_is_asked(sandbox: PluginSandbox) -> None:
    asked = []

    def carrier(method: str, url: str, headers: dict[str, str], body: str) -> tuple[int, str]:
        asked.append((method, url, body))
        return 200, CARRIER

    sandbox.world.http = carrier
    found = sandbox.tool("shipping.parcels.get", parcel_id="FH1000000001")
    assert found.value == {"id": "FH1000000001", "status": "in transit", "place": "Denver"}
    assert asked == [("GET", "https://api.carrier.example/v1/parcels/FH1000000001", "")]


def test_that_an_unknown_parcel_is_told(sandbox: PluginSandbox) -> None:
    sandbox.world.http = lambda *_: (404, "")
    failure = sandbox.tool("shipping.parcels.get", parcel_id="FH1000000009").failure
    assert failure is not None
    assert failure.kind is FailureKind.NOT_FOUND


def test_that_no_number_leaves_that_is_none(sandbox: PluginSandbox) -> None:
    failure = sandbox.tool("shipping.parcels.get", parcel_id="../accounts").failure
    assert failure is not None
    assert failure.kind is FailureKind.INVALID


def test_a_recorded_call(sandbox: PluginSandbox) -> None:
    sandbox.replay("in_transit")
