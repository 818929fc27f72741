"""The rate limit and the plan of failures by themselves."""

from hyperpersonal_web.demo_shop.faults import FailurePlan, Fault, RateLimit


def test_that_a_burst_passes_and_the_next_waits_for_a_token() -> None:
    now = 0.0
    limit = RateLimit(per_second=2, burst=3, now=lambda: now)
    assert [limit.wait("s") for _ in range(4)] == [0, 0, 0, 0.5]
    now = 0.5
    assert limit.wait("s") == 0
    assert limit.wait("s") == 0.5
    assert limit.wait("another store") == 0


def test_that_tokens_do_not_pile_up_above_the_burst() -> None:
    now = 0.0
    limit = RateLimit(per_second=2, burst=3, now=lambda: now)
    limit.wait("s")
    now = 1e6
    assert [limit.wait("s") > 0 for _ in range(4)] == [False, False, False, True]


def test_that_a_fault_meets_only_its_store_and_path_and_wears_off() -> None:
    plan = FailurePlan()
    plan.add(Fault("error", "demo", times=2, path="/orders"))
    assert plan.take("demo", "/v1/products") is None
    assert plan.take("other", "/v1/orders/1") is None
    assert plan.take("demo", "/v1/orders/1")
    assert [fault.times for fault in plan.left("demo")] == [1]
    assert plan.take("demo", "/v1/orders/1")
    assert plan.left("demo") == plan.left("other") == []
    assert plan.take("demo", "/v1/orders/1") is None
