"""One item that kills its workers is found out after three crashes; those in its batch come to no harm (R11)."""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from events.models import Event
from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification
from orchestrator import pipeline
from orchestrator.services import planning, sending
from orchestrator.services.recovery import recover
from orchestrator.values import ClaimedNotification
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
MOST_ROUNDS = 100
NEIGHBOURS = 9


class WorkerDied(BaseException):
    """What the payload does to whoever touches it."""


def test_a_delivery_that_kills_its_worker_dies_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = a_tenant()
    people = recipients(tenant, "poison", *(f"p{n}" for n in range(NEIGHBOURS)))
    a_notification(tenant, people, content=IN_APP)
    pipeline.plan(1)
    prepare, crashes = sending.message_of, []

    def deadly(going: Any, content: Any) -> Any:
        if going.delivery.recipient_id == people["poison"]:
            crashes.append(1)
            raise WorkerDied
        return prepare(going, content)

    monkeypatch.setattr(sending, "message_of", deadly)

    def all_sent() -> bool:
        """Leases and waits are over at once."""
        Delivery.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)
        recover()
        Delivery.objects.filter(state="pending").update(due_at=AT_ONCE)
        return not Delivery.objects.filter(state="pending").exists()

    _work(pipeline.send, until=all_sent)

    assert len(crashes) == 3
    found = Counter(Delivery.objects.values_list("state", "reason"))
    assert found == {("delivered", ""): NEIGHBOURS, ("dead", "poison"): 1}
    assert Delivery.objects.get(state="dead").recipient_id == people["poison"]


def test_a_notification_that_kills_its_planner_fails_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    rows = [a_notification(tenant, people, content=IN_APP) for _ in range(NEIGHBOURS + 1)]
    decide, crashes = planning.decide, []

    def deadly(shares: Sequence[tuple[ClaimedNotification, Any]], **facts: Any) -> Any:
        if rows[4].id in {notification.id for notification, _ in shares}:
            crashes.append(1)
            raise WorkerDied
        return decide(shares, **facts)

    monkeypatch.setattr(planning, "decide", deadly)

    def all_planned() -> bool:
        Notification.objects.filter(lease_until__isnull=False).update(lease_until=LONG_AGO)
        Notification.objects.filter(status="queued").update(due_at=AT_ONCE)
        return not Notification.objects.filter(status="queued").exists()

    _work(pipeline.plan, until=all_planned)

    assert len(crashes) == 3
    ended = dict(Notification.objects.exclude(reason="").values_list("id", "reason"))
    assert ended == {rows[4].id: "poison"}
    assert Delivery.objects.count() == NEIGHBOURS


def test_what_is_given_back_is_as_if_it_had_never_been_claimed() -> None:
    tenant = a_tenant()
    people = recipients(tenant, *(f"p{n}" for n in range(3)))
    a_notification(tenant, people, content=IN_APP)
    pipeline.plan(1)
    suspect = Delivery.objects.get(recipient_id=people["p0"])
    Delivery.objects.filter(id=suspect.id).update(crashes=1)
    events = _event_ids()

    assert pipeline.send(1) == 3

    states = dict(Delivery.objects.values_list("id", "state"))
    assert states.pop(suspect.id) == "delivered"
    assert set(states.values()) == {"pending"}
    assert Delivery.objects.exclude(id=suspect.id).filter(crashes=0, lease_until=None).count() == 2
    told = Event.objects.exclude(id__in=events).exclude(delivery_id=suspect.id)
    assert list(told) == []
    assert pipeline.send(1) == 2  # at once


def _work(verb: Callable[[int], int], *, until: Callable[[], bool]) -> None:
    """Workers come and die until nothing is left to do."""
    for _ in range(MOST_ROUNDS):
        if until():
            return
        with suppress(WorkerDied):
            verb(1)
    raise AssertionError("it never ended")


def _event_ids() -> list[UUID]:
    return list(Event.objects.values_list("id", flat=True))
