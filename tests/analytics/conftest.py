"""A tenant with a short story in its log."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db.models import F
from django.http import HttpResponse
from django.test import Client

from analytics.consumers import roll_up
from analytics.models import LatencyCount, OutcomeCount
from analytics.rules.rollups import GRAINS
from analytics.services import CONSUMER
from events.consumers import StretchConsumer, advance
from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from notifications.models import Notification
from tenants import keys
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key
from tests.log_reading import wait_until_readable


@dataclass(frozen=True, slots=True)
class Api:
    """Asks below /api/v1 with one credential."""

    credential: str

    def __call__(self, path: str, *, status: int = 200) -> Any:
        headers = {"Authorization": f"Bearer {self.credential}"}
        response: HttpResponse = Client().get(f"/api/v1{path}", headers=headers)
        body = json.loads(response.content)
        assert response.status_code == status, body
        return body


@pytest.fixture
def tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("acme", name="Acme", actor="test", at=at).id


@pytest.fixture
def other_tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("globex", name="Globex", actor="test", at=at).id


@pytest.fixture
def api_of(at: datetime) -> Callable[..., Api]:
    def make(tenant_id: UUID, *scopes: str, mode: str = "live") -> Api:
        keys.forget_all()
        with tenant_scope(tenant_id):
            return Api(issue_key(tenant_id, mode=mode, scopes=scopes, actor="test", at=at).text)

    return make


def a_notification(tenant_id: UUID, *, at: datetime, type: str = "order", **given: Any) -> UUID:
    facts: dict[str, Any] = {
        "id": uuid7(at),
        "tenant_id": tenant_id,
        "type": type,
        "strategy": "immediate",
        "recipient_count": 1,
        "status": "processing",
        "planned_at": at,
        "created_at": at,
    }
    return Notification.objects.create(**{**facts, **given}).id


def tell(
    tenant_id: UUID,
    notification_id: UUID,
    *path: str,
    at: datetime,
    channel: str = "email",
    then: tuple[str, ...] = (),
    charged: Mapping[str, Any] | None = None,
) -> UUID:
    """The lines of one delivery: planned, moved along `path`, `then` what people did; a second each. Returns its id."""
    delivery_id = uuid4()
    planned = {"to": path[0], "channel": channel, "step": 0}
    events = [NewEvent(tenant_id, "delivery.planned", at, notification_id, delivery_id, detail=planned)]
    for number, (was, becomes) in enumerate(pairwise(path), start=1):
        moment = at + timedelta(seconds=number)
        detail = {"from": was, "to": becomes, "channel": channel}
        if becomes == "sent" and charged:
            detail |= charged
        events.append(NewEvent(tenant_id, "delivery.moved", moment, notification_id, delivery_id, detail=detail))
    for number, kind in enumerate(then, start=len(path)):
        moment = at + timedelta(seconds=number)
        detail = {"channel": channel}
        events.append(NewEvent(tenant_id, kind, moment, notification_id, delivery_id, detail=detail))
    record(events)
    return delivery_id


def kept(
    tenant_id: UUID,
    moment: datetime,
    channel: str,
    type: str,
    outcome: str,
    count: int,
    *,
    mode: str = "live",
    strategy: str = "immediate",
    currency: str = "",
    buckets: Mapping[int, int] | None = None,
    **sums: int,
) -> None:
    """Rows as the consumer keeps them, of every grain."""
    epoch = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
    for minutes in GRAINS:
        length = timedelta(minutes=minutes)
        begin = epoch + (moment - epoch) // length * length
        where = {
            "tenant_id": tenant_id,
            "mode": mode,
            "minutes": minutes,
            "starts_at": begin,
            "channel": channel,
            "type": type,
            "strategy": strategy,
        }
        row, _ = OutcomeCount.objects.get_or_create(**where, outcome=outcome, currency=currency, defaults=NOTHING)
        added = {"count": count, **sums}
        OutcomeCount.objects.filter(pk=row.pk).update(**{name: F(name) + number for name, number in added.items()})
        for bucket, number in (buckets or {}).items():
            slot, _ = LatencyCount.objects.get_or_create(**where, bucket=bucket, defaults={"count": 0})
            LatencyCount.objects.filter(pk=slot.pk).update(count=F("count") + number)


NOTHING = {"count": 0, "attempts": 0, "timed": 0, "latency_ms": 0, "cost_micros": 0}


def read_all(*, batch: int = 100) -> int:
    """Let the counting consumer read the log to its end; returns how many lines that were."""
    wait_until_readable()
    lines = 0
    while read := advance(StretchConsumer(CONSUMER, roll_up, batch)):
        lines += read
    return lines
