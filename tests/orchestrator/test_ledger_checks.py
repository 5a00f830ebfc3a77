"""What must be true of the ledger's rows: each promise is broken here once by hand, and seen to be."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection

from notifications.models import Attempt, Delivery, Notification, Tally
from orchestrator.models import DeadLetter
from orchestrator.services.ledger_checks import CHECKS, Finding, findings, lasting
from tests.orchestrator.ledger_rows import letter_of, make_attempt, make_dead, make_delivery, make_notification

SECOND = timedelta(seconds=1)


def broken(at: datetime) -> dict[str, tuple[str, ...]]:
    return {finding.check: finding.ids for finding in findings(at, at)}


@pytest.fixture
def sound(tenant_id: UUID, at: datetime) -> Iterator[dict[str, Delivery]]:
    """A ledger in which everything is as it should be, with a delivery for every promise."""
    finished = make_notification(tenant_id, at=at, recipients=5, status="completed")
    at_work = make_notification(tenant_id, at=at, recipients=3)
    deliveries = {
        "alone": make_delivery(make_notification(tenant_id, at=at, status="completed"), state="skipped"),
        "sent": make_delivery(finished, state="sent", attempts=2),
        "delivered": make_delivery(finished, state="delivered", attempts=1),
        "skipped": make_delivery(finished, state="skipped"),
        "dead": make_dead(tenant_id, at=at, notification=finished),
        "tallied": make_delivery(finished, state="sent", attempts=1, tallied=True),
        "pending": make_delivery(at_work, state="pending", attempts=1),
        "sending": make_delivery(
            at_work, state="sending", attempts=1, lease_until=datetime.fromisoformat("2999-01-01T00:00Z")
        ),
        "proven late": make_delivery(at_work, state="sent"),
    }
    Delivery.objects.filter(id=deliveries["proven late"].id).update(attempts=1)
    make_attempt(deliveries["proven late"], number=1, outcome="unknown")
    assert broken(at) == {}
    return deliveries


def forget_notification(sound: dict[str, Delivery]) -> UUID:
    Notification.objects.filter(id=sound["alone"].notification_id).delete()
    return sound["alone"].id


def forget_attempt(sound: dict[str, Delivery]) -> UUID:
    Attempt.objects.filter(delivery_id=sound["pending"].id).delete()
    return sound["pending"].id


def forget_the_call_that_sent(sound: dict[str, Delivery]) -> UUID:
    Attempt.objects.filter(delivery_id=sound["delivered"].id).update(outcome="retry")
    return sound["delivered"].id


def close_the_call_that_goes_on(sound: dict[str, Delivery]) -> UUID:
    row = Attempt.objects.filter(delivery_id=sound["sending"].id)
    row.update(outcome="retry", ended_at=sound["sending"].created_at)
    return sound["sending"].id


def send_again(sound: dict[str, Delivery]) -> UUID:
    delivery = sound["delivered"]
    make_attempt(delivery, number=2, outcome="sent", at=delivery.created_at + SECOND)
    Delivery.objects.filter(id=delivery.id).update(attempts=2)
    return delivery.id


def leave_a_call_open(sound: dict[str, Delivery]) -> UUID:
    row = Attempt.objects.filter(delivery_id=sound["pending"].id)
    row.update(outcome="", ended_at=None)
    return sound["pending"].id


def miscount(sound: dict[str, Delivery]) -> UUID:
    Tally.objects.filter(notification_id=sound["tallied"].notification_id).update(count=2)
    return sound["tallied"].notification_id


def finish_too_early(sound: dict[str, Delivery]) -> UUID:
    row = Notification.objects.filter(id=sound["pending"].notification_id)
    row.update(status="completed", finished_at=sound["pending"].created_at)
    return sound["pending"].notification_id


def never_finish(sound: dict[str, Delivery]) -> UUID:
    ids = (sound["pending"].id, sound["sending"].id)
    Attempt.objects.filter(delivery_id__in=ids).delete()
    Delivery.objects.filter(id__in=ids).delete()
    return sound["pending"].notification_id


def never_plan(sound: dict[str, Delivery]) -> UUID:
    Notification.objects.filter(id=sound["pending"].notification_id).update(planned_at=None)
    return sound["pending"].notification_id


def leave_a_lease_behind(sound: dict[str, Delivery]) -> UUID:
    Delivery.objects.filter(id=sound["sending"].id).update(lease_until=sound["sending"].created_at - timedelta(days=1))
    return sound["sending"].id


def lose_the_letter(sound: dict[str, Delivery]) -> UUID:
    DeadLetter.objects.filter(id=sound["dead"].id).delete()
    return sound["dead"].id


TAMPERED = {
    "delivery_without_notification": forget_notification,
    "attempts_not_written": forget_attempt,
    "sent_without_attempt": forget_the_call_that_sent,
    "sent_twice": send_again,
    "open_attempts": leave_a_call_open,
    "tally_differs": miscount,
    "finished_with_open_deliveries": finish_too_early,
    "not_finished": never_finish,
    "never_to_be_planned": never_plan,
    "lease_left_behind": leave_a_lease_behind,
    "dead_without_letter": lose_the_letter,
}


@pytest.mark.parametrize(("check", "tamper"), TAMPERED.items())
def test_tampering_is_seen(
    sound: dict[str, Delivery], at: datetime, check: str, tamper: Callable[[dict[str, Delivery]], UUID]
) -> None:
    offender = tamper(sound)

    found = broken(at)

    assert found[check] == (str(offender),)


def test_a_call_without_its_delivery_is_seen(sound: dict[str, Delivery], at: datetime) -> None:
    Delivery.objects.filter(id=sound["delivered"].id).delete()

    (attempt,) = broken(at)["attempt_without_delivery"]

    assert Attempt.objects.get(id=attempt).delivery_id == sound["delivered"].id


def test_a_delivery_in_sending_needs_an_open_call(sound: dict[str, Delivery], at: datetime) -> None:
    offender = close_the_call_that_goes_on(sound)

    assert broken(at) == {"sent_without_attempt": (str(offender),)}


def test_every_check_was_broken_once() -> None:
    assert set(CHECKS) == {*TAMPERED, "attempt_without_delivery"}


def test_sending_again_after_a_replay_is_not_sending_twice(sound: dict[str, Delivery], at: datetime) -> None:
    offender = send_again(sound)
    assert broken(at) == {"sent_twice": (str(offender),)}

    Delivery.objects.filter(id=offender).update(attempts_before=1)  # what a replay writes

    assert broken(at) == {}


def test_a_call_that_overlapped_with_the_late_proof_of_another_is_not_sending_twice(
    sound: dict[str, Delivery], at: datetime
) -> None:
    offender = send_again(sound)

    Attempt.objects.filter(delivery_id=offender, number=1).update(ended_at=at + 2 * SECOND)

    assert broken(at) == {}


def test_a_letter_that_was_replayed_does_not_speak_for_one_that_is_dead(
    sound: dict[str, Delivery], at: datetime
) -> None:
    DeadLetter.objects.filter(id=sound["dead"].id).update(state="replayed")
    assert broken(at) == {"dead_without_letter": (str(sound["dead"].id),)}

    DeadLetter.objects.filter(id=sound["dead"].id).update(state="discarded")

    assert broken(at) == {}
    assert letter_of(sound["dead"]).state == "discarded"


def test_other_hours_are_not_looked_at(sound: dict[str, Delivery], at: datetime) -> None:
    send_again(sound)

    assert findings(at + timedelta(hours=1), at + timedelta(hours=2)) == []


def test_two_calls_cannot_be_open_at_once(sound: dict[str, Delivery]) -> None:
    with pytest.raises(Exception, match="_one_open"), connection.cursor():
        make_attempt(sound["sending"], number=2, outcome="")


def test_only_what_both_looks_found_lasts() -> None:
    first = [Finding("a", "", ("1", "2")), Finding("b", "", ("3",))]
    second = [Finding("a", "", ("2", "4")), Finding("c", "", ("5",))]

    assert lasting(first, second) == [Finding("a", "", ("2",))]
