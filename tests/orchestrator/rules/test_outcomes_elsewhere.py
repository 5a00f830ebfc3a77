"""What follows from an answer when another account of the channel can take over."""

from datetime import timedelta

import pytest

from channels_app.values import Refused, Retry, SendResult, Sent, Unknown
from kernel.ids import uuid7
from orchestrator.rules.outcomes import Road, after_call
from orchestrator.values import Move
from tests.make import AT, a_claimed_delivery

FIRST = Road(budget=6, budget_here=3)  # two accounts, three calls each, none made
BAD = Refused("bad_credentials", provider_fault=True)


def the_move(result: SendResult, road: Road = FIRST, **facts: object) -> Move:
    (found,) = after_call(a_claimed_delivery(**facts), result, road, at=AT)
    return found


@pytest.mark.parametrize(
    ("result", "facts", "state", "reason", "waits"),
    [
        pytest.param(Retry("503"), {}, "pending", "provider_error", True, id="the same account once more"),
        pytest.param(Retry("503"), {"attempts": 2}, "pending", "provider_error", False, id="the other one at once"),
        pytest.param(Retry("503"), {"attempts": 5}, "dead", "attempts_exhausted", False, id="both had their calls"),
        pytest.param(BAD, {}, "pending", "provider_error", False, id="bad credentials are no reason to wait"),
        pytest.param(Refused("21211"), {}, "failed", "provider_rejected", False, id="nobody would take it"),
        pytest.param(Unknown("timeout"), {"attempts": 2}, "pending", "unknown_outcome", False, id="lost, and may go"),
    ],
)
def test_moves(result: SendResult, facts: dict[str, object], state: str, reason: str, waits: bool) -> None:
    move = the_move(result, **facts)

    assert (move.state, move.reason) == (state, reason)
    assert (move.due_at is not None and move.due_at > AT) == waits


def test_waits_begin_anew_with_every_account() -> None:
    third = Road(budget=18, budget_here=18, calls_here=1)  # the sixth of six accounts

    waits = [the_move(Retry("503"), third, attempts=15, id=uuid7()).due_at for _ in range(20)]

    assert all(due_at is not None and due_at <= AT + timedelta(seconds=1) for due_at in waits)


def test_bad_credentials_of_the_last_account_wait_for_people() -> None:
    assert the_move(BAD, Road(budget=3, budget_here=3)).state == "dead"
    assert the_move(BAD, Road(budget=3, budget_here=3), last_step=1).state == "failed"


def test_a_lost_answer_under_a_key_never_leaves_its_account() -> None:
    road = Road(budget=6, budget_here=3, honours_key=True)

    again = the_move(Unknown("timeout"), road, attempts=1, unknown_policy="at_most_once")
    last = the_move(Unknown("timeout"), road, attempts=2, unknown_policy="at_most_once")

    assert (again.state, again.detail["policy"]) == ("pending", "provider_honours_key")
    assert (last.state, last.reason) == ("dead", "unknown_outcome")


def test_how_long_one_account_wants_to_be_left_alone_does_not_hold_up_the_other() -> None:
    alone = Road(budget=3, budget_here=3)
    asked = Retry("429", after=timedelta(minutes=5))

    assert the_move(asked, alone).due_at == AT + timedelta(minutes=5)
    with_another = the_move(asked).due_at
    assert with_another is not None
    assert with_another < AT + timedelta(seconds=2)


def test_a_provider_without_names_for_messages_gets_ours() -> None:
    delivery = a_claimed_delivery()

    (move,) = after_call(delivery, Sent(""), FIRST, at=AT)

    assert move.message_id == str(delivery.id)
