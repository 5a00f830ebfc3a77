"""The states of the ledger: what may follow what, and how a notification stands; the database agrees on every pair."""

import re
from itertools import permutations, product

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from ledger_api import a_delivery

from notifications.models import Notification
from notifications.rules.states import (
    BROKEN,
    FINISHED,
    LEGAL,
    LEGAL_STATUS,
    OPEN,
    SUCCEEDED,
    DeliveryState,
    NotificationStatus,
    may_move,
    public_status,
    status_of,
)
from tests import make

PAIRS = list(permutations(DeliveryState, 2))
STATUS_PAIRS = list(permutations(NotificationStatus, 2))
# What the table's checks want of a row in each state.
_FITTING = """
UPDATE notifications_delivery SET state = %(to)s, reason = 'because', provider_message_id = 'm-1',
  due_at = CASE WHEN %(to)s IN ('pending', 'unknown') THEN now() END,
  lease_until = CASE WHEN %(to)s IN ('claimed', 'sending') THEN now() END
WHERE id = %(id)s
"""


def constraint_of(refused: IntegrityError) -> str:
    """Which promise of the database would have been broken."""
    cause = refused.__cause__
    assert isinstance(cause, psycopg.Error)
    return str(cause.diag.constraint_name)


def test_31_of_132_moves_are_legal() -> None:
    assert len(PAIRS) == 132
    assert sum(len(becomes) for becomes in LEGAL.values()) == 31
    assert sum(may_move(was, becomes) for was, becomes in PAIRS) == 31
    assert LEGAL.keys() == set(DeliveryState)


def test_no_way_leads_out_of_an_end() -> None:
    ends = {state for state, becomes in LEGAL.items() if not becomes}

    assert ends == {DeliveryState.BOUNCED, DeliveryState.CANCELLED, DeliveryState.EXPIRED, DeliveryState.SKIPPED}


def test_staying_is_no_move() -> None:
    assert all(may_move(state, state) for state in DeliveryState)


@pytest.mark.django_db
def test_the_database_lets_exactly_the_legal_moves_pass() -> None:
    tenant = make.a_tenant()
    row = make.a_notification(tenant, {})
    passed, refusals = set(), set()
    for was, becomes in PAIRS:
        delivery = a_delivery(row, state=was, provider_message_id="m-1", reason="because")
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(_FITTING, {"to": str(becomes), "id": delivery.id})
        except IntegrityError as refused:
            refusals.add(constraint_of(refused))
        else:
            passed.add((was, becomes))

    assert passed == {(was, becomes) for was, several in LEGAL.items() for becomes in several}
    assert (len(passed), refusals) == (31, {"delivery_legal_move"})


@pytest.mark.django_db
def test_the_database_lets_exactly_the_legal_statuses_follow() -> None:
    tenant = make.a_tenant()
    passed, refusals = set(), set()
    for was, becomes in STATUS_PAIRS:
        finished = {True: make.AT, False: None}
        row = make.a_notification(tenant, {}, status=was, finished_at=finished[was in FINISHED])
        try:
            with transaction.atomic():
                Notification.objects.filter(id=row.id).update(status=becomes, finished_at=finished[becomes in FINISHED])
        except IntegrityError as refused:
            refusals.add(constraint_of(refused))
        else:
            passed.add((was, becomes))

    assert passed == {(was, becomes) for was, several in LEGAL_STATUS.items() for becomes in several}
    assert refusals == {"notification_legal_move"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("function", "legal"),
    [
        ("notifications_delivery_moved", LEGAL),
        ("notifications_notification_moved", LEGAL_STATUS),
    ],
)
def test_the_triggers_list_says_the_same_as_the_rules(function: str, legal: dict[str, frozenset[str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", (function,))
        (source,) = cursor.fetchone()

    listed = re.findall(r"'(\w+>\w+)'", source)

    assert sorted(listed) == sorted(f"{was}>{becomes}" for was, several in legal.items() for becomes in several)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        pytest.param({}, "completed", id="nothing at all"),
        pytest.param({"delivered": 9, "pending": 1}, "processing", id="one still waits"),
        pytest.param({"delivered": 9, "unknown": 1}, "processing", id="one answer is lost"),
        pytest.param({"sent": 1, "dead": 9}, "completed", id="one success completes it"),
        pytest.param({"skipped": 3}, "completed", id="a skip is not a failure"),
        pytest.param({"skipped": 3, "failed": 1}, "failed", id="a failure beside skips"),
        pytest.param({"bounced": 1}, "failed", id="a bounce is a failure"),
        pytest.param({"expired": 1, "cancelled": 5}, "expired", id="expired beside cancelled"),
        pytest.param({"cancelled": 5, "skipped": 1}, "cancelled", id="cancelled beside skips"),
        pytest.param({"cancelled": 5, "sent": 0}, "cancelled", id="a zero is nothing"),
    ],
)
def test_how_a_notification_stands(counts: dict[str, int], status: str) -> None:
    assert status_of(counts) == status


def test_an_open_delivery_always_keeps_it_processing() -> None:
    for open_state, other in product(OPEN, DeliveryState):
        assert status_of({open_state: 1, other: 1}) == NotificationStatus.PROCESSING


def test_every_state_is_open_succeeded_broken_or_an_end_we_chose() -> None:
    chosen = {DeliveryState.CANCELLED, DeliveryState.EXPIRED, DeliveryState.SKIPPED}

    assert OPEN | SUCCEEDED | BROKEN | chosen == set(DeliveryState)
    assert len(OPEN) + len(SUCCEEDED) + len(BROKEN) + len(chosen) == 12


@pytest.mark.parametrize(
    ("state", "reason", "due", "shown"),
    [
        ("pending", "", True, "queued"),
        ("pending", "provider_error", False, "waiting"),
        ("claimed", "", False, "queued"),
        ("sending", "", False, "sending"),
        ("unknown", "unknown_outcome", False, "unknown"),
        ("sent", "", False, "sent"),
        ("delivered", "", False, "delivered"),
        ("bounced", "", False, "bounced"),
        ("failed", "provider_rejected", False, "failed"),
        ("dead", "attempts_exhausted", False, "failed"),
        ("cancelled", "cancelled", False, "cancelled"),
        ("expired", "expired", False, "expired"),
        ("skipped", "no_endpoint", False, "skipped"),
        ("skipped", "unsubscribed", False, "unsubscribed"),
    ],
)
def test_the_word_of_the_api(state: str, reason: str, due: bool, shown: str) -> None:
    assert public_status(state, reason=reason, due=due) == shown
