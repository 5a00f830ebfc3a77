"""Buckets that refill evenly, as a table of seconds and grants."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.rules.gcra import Ask, Bucket, Grant, take

TEN_A_SECOND = Bucket("ten", tokens=10, seconds=1, burst=10)


def ask(wanted: int, *buckets: Bucket, critical: bool = False) -> Ask:
    return Ask(buckets or (TEN_A_SECOND,), wanted, critical=critical)


@pytest.mark.parametrize(
    ("moments", "grants"),
    [
        pytest.param([(0, 4), (0, 6)], [Grant(4), Grant(6)], id="a full bucket gives its burst"),
        pytest.param([(0, 12)], [Grant(10, 0.1)], id="a batch gets what there is and hears when to come back"),
        pytest.param([(0, 10), (0.1, 1), (0.1, 1)], [Grant(10), Grant(1), Grant(0, 0.1)], id="refills one at a time"),
        pytest.param([(0, 10), (0.55, 9)], [Grant(10), Grant(5, 0.05)], id="waits only for the rest of a token"),
        pytest.param([(0, 10), (99, 20)], [Grant(10), Grant(10, 0.1)], id="never holds more than its burst"),
        pytest.param([(50, 10), (0, 1), (0.1, 1)], [Grant(10), Grant(0, 0.1), Grant(0, 0.1)], id="clock set back"),
    ],
)
def test_a_bucket_gives_and_refills(moments: list[tuple[float, int]], grants: list[Grant]) -> None:
    arrivals: dict[str, float] = {}

    given_out = [take(arrivals, [ask(wanted)], now_us=second * 1_000_000)[0] for second, wanted in moments]

    assert [(grant.granted, round(grant.wait_seconds, 6)) for grant in given_out] == [
        (grant.granted, grant.wait_seconds) for grant in grants
    ]


def test_the_tightest_bucket_decides_and_no_other_loses_more() -> None:
    tight, wide = Bucket("tight", tokens=3, seconds=1, burst=3), Bucket("wide", tokens=100, seconds=1, burst=100)
    arrivals: dict[str, float] = {}

    first, second = take(arrivals, [ask(5, tight, wide), ask(97, wide)], now_us=0)

    assert (first.granted, second) == (3, Grant(97))


def test_bulk_work_leaves_tokens_for_critical_asks() -> None:
    bucket = Bucket("kept", tokens=10, seconds=1, burst=10, kept_for_critical=2)
    arrivals: dict[str, float] = {}

    bulk, critical = take(arrivals, [ask(10, bucket), ask(10, bucket, critical=True)], now_us=0)

    assert (bulk.granted, critical.granted) == (8, 2)


def test_critical_asks_pass_limits_for_people_and_do_not_count_there() -> None:
    person = Bucket("person", tokens=1, seconds=3600, burst=1, people=True)
    provider = Bucket("provider", tokens=5, seconds=1, burst=5)
    arrivals: dict[str, float] = {}

    critical, later = take(arrivals, [ask(9, person, provider, critical=True), ask(1, person)], now_us=0)

    assert (critical.granted, later.granted) == (5, 1)


@given(
    st.lists(st.tuples(st.floats(0, 2), st.integers(1, 40)), min_size=1, max_size=60),
    st.integers(1, 50),
    st.integers(1, 50),
)
def test_no_stretch_of_time_sees_more_than_burst_and_refill(
    steps: list[tuple[float, int]], count: int, burst: int
) -> None:
    bucket = Bucket("any", tokens=count, seconds=1, burst=burst)
    arrivals: dict[str, float] = {}
    now, total = 0.0, 0

    for pause, wanted in steps:
        now += pause
        total += take(arrivals, [ask(wanted, bucket)], now_us=now * 1_000_000)[0].granted

    assert total <= burst + count * now + 0.01
