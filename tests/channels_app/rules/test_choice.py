"""Which account carries what: the same order for the same delivery, parts by weight and price, and few moves."""

from collections import Counter
from collections.abc import Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.rules.choice import Candidate, in_order, parts

A, B, C = Candidate("a"), Candidate("b"), Candidate("c")
CANDIDATES = st.lists(
    st.builds(
        Candidate,
        key=st.text("abcdefgh", min_size=1, max_size=4),
        priority=st.integers(0, 2),
        weight=st.integers(0, 1000),
        cost_micros=st.integers(0, 100_000),
        currency=st.sampled_from(["EUR", "USD"]),
        is_avoided=st.booleans(),
    ),
    max_size=8,
    unique_by=lambda candidate: candidate.key,
)
MANY = [UUID(int=n) for n in range(20_000)]


def firsts(candidates: Sequence[Candidate]) -> Counter[str]:
    return Counter(in_order(candidates, seed=seed)[0] for seed in MANY)


@pytest.mark.parametrize(
    ("candidates", "always"),
    [
        pytest.param([Candidate("a", priority=1), Candidate("b", priority=0, weight=1)], "b", id="priority"),
        pytest.param([Candidate("a", weight=0), Candidate("b", weight=1)], "b", id="no weight is for failover only"),
        pytest.param([Candidate("a", is_avoided=True), Candidate("b", priority=9)], "b", id="who cannot is last"),
        pytest.param(
            [Candidate("a", priority=1, is_avoided=True), Candidate("b", is_avoided=True)], "b", id="all cannot"
        ),
    ],
)
def test_some_always_come_first(candidates: list[Candidate], always: str) -> None:
    assert {in_order(candidates, seed=seed)[0] for seed in MANY[:500]} == {always}


@pytest.mark.parametrize(
    ("candidates", "expected"),
    [
        pytest.param([A, B], {"a": 0.5, "b": 0.5}, id="equals"),
        pytest.param([Candidate("a", weight=300), B], {"a": 0.75, "b": 0.25}, id="by weight"),
        pytest.param(
            [Candidate("a", cost_micros=5000), Candidate("b", cost_micros=10_000)],
            {"a": 2 / 3, "b": 1 / 3},
            id="twice the price is half the part",
        ),
        pytest.param(
            [Candidate("a", cost_micros=1, currency="EUR"), Candidate("b", cost_micros=9, currency="JPY")],
            {"a": 0.5, "b": 0.5},
            id="prices in two currencies say nothing",
        ),
        pytest.param([A, Candidate("b", cost_micros=9)], {"a": 0.5, "b": 0.5}, id="nor does one that is not known"),
        pytest.param([Candidate("a", weight=0), Candidate("b", weight=0)], {"a": 0.0, "b": 0.0}, id="no weight at all"),
    ],
)
def test_parts(candidates: list[Candidate], expected: dict[str, float]) -> None:
    assert parts(candidates) == pytest.approx(expected)
    if sum(expected.values()):
        found = firsts(candidates)
        assert {key: found[key] / len(MANY) for key in expected} == pytest.approx(expected, abs=0.02)


def test_failover_goes_by_weight_too() -> None:
    seconds = Counter(in_order([A, Candidate("b", weight=200), Candidate("c", weight=50)], seed=s)[1] for s in MANY)

    assert seconds["a"] > seconds["c"]


@given(candidates=CANDIDATES, seed=st.uuids())
def test_everybody_is_in_the_order_once_and_asking_again_gives_the_same(
    candidates: list[Candidate], seed: UUID
) -> None:
    order = in_order(candidates, seed=seed)

    assert sorted(order) == sorted(candidate.key for candidate in candidates)
    assert order == in_order(list(reversed(candidates)), seed=seed)


@given(candidates=CANDIDATES, seed=st.uuids())
def test_an_account_that_goes_moves_only_its_own(candidates: list[Candidate], seed: UUID) -> None:
    level = [Candidate(c.key, weight=c.weight) for c in candidates]
    if len(level) < 2:
        return
    order = in_order(level, seed=seed)

    without = in_order([c for c in level if c.key != order[-1]], seed=seed)

    assert without == order[:-1]
