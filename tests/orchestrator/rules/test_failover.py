"""Where the next try goes, and when there is none."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.rules.failover import Tried, bound_to, route
from tests.make import AT

ORDER = ("a", "b", "c")


def calls(*said: str) -> list[Tried]:
    """`a` = a retryable trouble at a, `a!` = refused by it, `a?` = its answer was lost."""
    outcomes = {"!": "refused", "?": "unknown"}
    return [Tried(text[0], outcomes.get(text[1:], "retry"), AT) for text in said]


@pytest.mark.parametrize(
    ("tried", "avoided", "accounts", "left", "left_here"),
    [
        pytest.param([], (), "abc", 9, {"a": 3, "b": 3, "c": 3}, id="nothing tried"),
        pytest.param(["a"], (), "abc", 8, {"a": 2, "b": 3, "c": 3}, id="the same account again"),
        pytest.param(["b"], (), "bac", 8, {"a": 3, "b": 2, "c": 3}, id="also when another would be chosen now"),
        pytest.param(["a", "a", "a"], (), "bc", 6, {"a": 0, "b": 3, "c": 3}, id="it had its calls"),
        pytest.param(["a!"], (), "bc", 6, {"a": 0, "b": 3, "c": 3}, id="it refuses everybody"),
        pytest.param(["a", "b"], (), "bca", 7, {"a": 2, "b": 2, "c": 3}, id="those not tried yet come next"),
        pytest.param(["a"], ("a",), "bca", 8, {"a": 2, "b": 3, "c": 3}, id="nothing gets through it for now"),
        pytest.param(["a!", "b!", "c!"], (), "abc", 0, {"a": 0, "b": 0, "c": 0}, id="no call is left"),
        pytest.param(["x", "x"], (), "abc", 9, {"a": 3, "b": 3, "c": 3}, id="what is gone counts for nobody"),
    ],
)
def test_route(tried: list[str], avoided: tuple[str, ...], accounts: str, left: int, left_here: dict[str, int]) -> None:
    behind = calls(*tried)

    found = route(ORDER, behind, tries=len(behind), calls_each=3, avoided=avoided)

    assert "".join(found.accounts) == accounts
    assert found.budget == len(behind) + left
    assert found.budget_here == {account: len(behind) + number for account, number in left_here.items()}


@pytest.mark.parametrize(
    ("tried", "windows", "later", "safe"),
    [
        pytest.param(["a"], {}, 0, "abc", id="no answer was lost"),
        pytest.param(["a?"], {"a": None}, 0, "a", id="who knows the key"),
        pytest.param(["a", "b?", "b"], {"b": None}, 0, "b", id="for ever after"),
        pytest.param(["a?"], {}, 0, "", id="nobody knows a key"),
        pytest.param(["a?", "b?"], {"a": None, "b": None}, 0, "", id="two may have it"),
        pytest.param(["a?"], {"a": timedelta(hours=1)}, 3599, "a", id="it remembers"),
        pytest.param(["a?"], {"a": timedelta(hours=1)}, 3600, "", id="it has forgotten"),
        pytest.param(["x?"], {"x": None}, 0, "", id="the account is gone"),
    ],
)
def test_a_lost_answer_binds(tried: list[str], windows: dict[str, timedelta | None], later: int, safe: str) -> None:
    found = bound_to(ORDER, calls(*tried), windows=windows, at=AT + timedelta(seconds=later))

    assert "".join(found) == safe


@given(
    outcomes=st.lists(st.sampled_from(["retry", "refused", "unknown"]), min_size=40, max_size=40),
    each=st.integers(1, 4),
)
def test_every_account_gets_its_calls_and_no_more(outcomes: list[str], each: int) -> None:
    tried: list[Tried] = []
    while True:
        found = route(ORDER, tried, tries=len(tried), calls_each=each)
        account = found.accounts[0]
        tried.append(Tried(account, outcomes[len(tried)], AT))
        last = found.budget_here[account] if tried[-1].outcome == "refused" else len(tried)
        if last >= found.budget:
            break

    for account in ORDER:
        mine = [call for call in tried if call.account == account]
        assert 1 <= len(mine) <= each
        assert len(mine) == each or mine[-1].outcome == "refused"
        assert all(call.outcome != "refused" for call in mine[:-1])
    assert [call.account for call in tried] == sorted((call.account for call in tried), key=ORDER.index)
