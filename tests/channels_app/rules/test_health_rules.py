"""From counts to a success rate and latencies."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.rules.health import EDGES_MS, Counts, Health, counted, health_of


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        pytest.param([], Health(0, None, None, None), id="nothing was called"),
        pytest.param([(10, 0, 0.08)], Health(10, 1.0, 75, 98), id="evenly within a bucket"),
        pytest.param([(9, 0, 0.02), (0, 1, 35.0)], Health(10, 0.9, 14, 30_000), id="the slow tenth shows"),
        pytest.param([(1, 1, 99.0)], Health(2, 0.5, 40_000, 40_000), id="slower than all edges"),
    ],
)
def test_health(batches: list[tuple[int, int, float]], expected: Health) -> None:
    assert health_of(counted(good, bad, seconds=seconds) for good, bad, seconds in batches) == expected


@given(
    batches=st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.floats(0, 60)), max_size=20),
)
def test_latencies_lie_where_the_calls_were(batches: list[Any]) -> None:
    found = health_of(counted(good, bad, seconds=seconds) for good, bad, seconds in batches)

    told = [seconds * 1000 for good, bad, seconds in batches if good + bad]
    if not told:
        assert found == Health(0, None, None, None)
        return
    assert found.p50_ms is not None
    assert found.p95_ms is not None
    assert found.p50_ms <= found.p95_ms
    above = [edge for edge in EDGES_MS if edge >= max(told)]
    assert found.p95_ms <= (above[0] if above else EDGES_MS[-1])


def test_counts_add_up() -> None:
    assert Counts() + counted(2, 1, seconds=0.01) + counted(1, 0, seconds=0.01) == counted(3, 1, seconds=0.01)
