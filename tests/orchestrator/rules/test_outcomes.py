"""What follows from a provider's answer, or from none."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.values import NOT_BEGUN, Refused, Retry, SendResult, Sent, Unknown
from notifications.rules.states import LEGAL, DeliveryState
from orchestrator.rules.outcomes import HOLD, MOST_RETRY_AFTER, Road, after_call, after_crash
from tests.make import AT, a_claimed_delivery

ROAD = Road(budget=3)


def moves(result: SendResult, road: Road = ROAD, **facts: Any) -> list[tuple[str, str]]:
    return [(m.state, m.reason) for m in after_call(a_claimed_delivery(**facts), result, road, at=AT)]


@pytest.mark.parametrize(
    ("result", "facts", "expected"),
    [
        pytest.param(Sent("m1"), {}, [("sent", "")], id="accepted"),
        pytest.param(Sent("m1", delivered=True), {}, [("sent", ""), ("delivered", "")], id="arrived at once"),
        pytest.param(Refused("550"), {}, [("failed", "provider_rejected")], id="refused"),
        pytest.param(Refused("550", reason="invalid_address"), {}, [("failed", "invalid_address")], id="bad address"),
        pytest.param(Retry("451"), {}, [("pending", "provider_error")], id="first trouble"),
        pytest.param(Retry("451"), {"attempts": 1}, [("pending", "provider_error")], id="second trouble"),
        pytest.param(Retry("451"), {"attempts": 2}, [("dead", "attempts_exhausted")], id="third and last"),
        pytest.param(
            Retry("451"), {"attempts": 2, "last_step": 1}, [("failed", "attempts_exhausted")], id="another step follows"
        ),
        pytest.param(
            Retry("451"),
            {"attempts": 5, "attempts_before": 3},
            [("dead", "attempts_exhausted")],
            id="replayed, used up",
        ),
        pytest.param(
            Retry("451"), {"attempts": 3, "attempts_before": 3}, [("pending", "provider_error")], id="replayed, anew"
        ),
        pytest.param(Retry(NOT_BEGUN), {"attempts": 2}, [("pending", "throttled")], id="its turn did not come"),
        pytest.param(Unknown("lost"), {}, [("pending", "unknown_outcome")], id="lost, resend"),
        pytest.param(Unknown("lost"), {"attempts": 2}, [("dead", "unknown_outcome")], id="lost for the third time"),
        pytest.param(
            Unknown("lost"), {"unknown_policy": "at_most_once"}, [("unknown", "unknown_outcome")], id="lost, hold"
        ),
    ],
)
def test_an_answer_decides_what_follows(
    result: SendResult, facts: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert moves(result, **facts) == expected


def test_a_lost_answer_says_which_policy_let_it_be_sent_again() -> None:
    (by_policy,) = after_call(a_claimed_delivery(), Unknown("lost"), ROAD, at=AT)
    (by_key,) = after_call(
        a_claimed_delivery(unknown_policy="at_most_once"), Unknown("lost"), Road(budget=3, honours_key=True), at=AT
    )

    assert by_policy.detail == {"policy": "at_least_once"}
    assert (by_key.state, by_key.detail) == ("pending", {"policy": "provider_honours_key"})


def test_holding_ends_after_a_day_or_at_the_expiry() -> None:
    (held,) = after_call(a_claimed_delivery(unknown_policy="at_most_once"), Unknown("lost"), ROAD, at=AT)
    soon = a_claimed_delivery(unknown_policy="at_most_once", expires_at=AT + timedelta(hours=1))
    (shorter,) = after_call(soon, Unknown("lost"), ROAD, at=AT)

    assert held.due_at == AT + HOLD
    assert shorter.due_at == AT + timedelta(hours=1)


@given(attempts=st.integers(0, 1), after=st.none() | st.integers(0, 100_000), budget=st.integers(3, 9))
def test_a_retry_waits_as_long_as_the_provider_asks_but_never_for_ever(
    attempts: int, after: int | None, budget: int
) -> None:
    asked = None if after is None else timedelta(seconds=after)

    (again,) = after_call(a_claimed_delivery(attempts=attempts), Retry("429", after=asked), Road(budget=budget), at=AT)

    assert again.due_at is not None
    wait = again.due_at - AT
    assert wait >= min(asked or timedelta(), MOST_RETRY_AFTER)
    assert wait <= max(MOST_RETRY_AFTER, timedelta(seconds=60))
    assert again.retry


def test_a_retry_never_outlives_the_expiry() -> None:
    expires = AT + timedelta(seconds=1)

    (again,) = after_call(a_claimed_delivery(expires_at=expires), Retry("429", after=timedelta(hours=1)), ROAD, at=AT)

    assert again.due_at == expires


def test_a_patient_channel_goes_on_beyond_its_budget() -> None:
    assert moves(Retry("503"), Road(budget=3, patient=True), attempts=20) == [("pending", "provider_error")]


@pytest.mark.parametrize(
    ("facts", "sending", "expected"),
    [
        ({"crashes": 1}, False, ("pending", "worker_lost")),
        ({"crashes": 1}, True, ("pending", "unknown_outcome")),
        ({"crashes": 1, "unknown_policy": "at_most_once"}, True, ("unknown", "unknown_outcome")),
        ({"crashes": 3}, False, ("dead", "poison")),
        ({"crashes": 3}, True, ("dead", "poison")),
    ],
)
def test_a_lost_worker_is_judged_by_what_it_had_begun(
    facts: dict[str, Any], sending: bool, expected: tuple[str, str]
) -> None:
    move = after_crash(a_claimed_delivery(**facts), ROAD, sending=sending, at=AT)

    assert (move.state, move.reason) == expected


RESULTS = st.sampled_from(
    [Sent("m"), Sent("m", delivered=True), Refused("x"), Retry("x"), Retry(NOT_BEGUN), Unknown("x")]
)


@given(
    result=RESULTS,
    attempts=st.integers(0, 5),
    step=st.integers(0, 1),
    policy=st.sampled_from(["at_least_once", "at_most_once"]),
    honours_key=st.booleans(),
    patient=st.booleans(),
)
def test_no_answer_leads_to_an_illegal_move(
    result: SendResult, attempts: int, step: int, policy: str, honours_key: bool, patient: bool
) -> None:
    delivery = a_claimed_delivery(attempts=attempts, step=step, last_step=1, unknown_policy=policy)
    road = Road(budget=3, honours_key=honours_key, patient=patient)

    state = DeliveryState.SENDING
    for move in after_call(delivery, result, road, at=AT):
        assert move.state in LEGAL[state]
        state = DeliveryState(move.state)
