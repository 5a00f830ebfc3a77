"""A tenant with a short story in its log."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from notifications.models import Notification
from tenants import keys
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key


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
    def make(tenant_id: UUID, *scopes: str) -> Api:
        keys.forget_all()
        with tenant_scope(tenant_id):
            return Api(issue_key(tenant_id, mode="live", scopes=scopes, actor="test", at=at).text)

    return make


def a_notification(tenant_id: UUID, *, at: datetime, type: str = "order", **given: Any) -> UUID:
    row = Notification.objects.create(
        id=uuid7(at),
        tenant_id=tenant_id,
        type=type,
        strategy="immediate",
        recipient_count=1,
        status="processing",
        planned_at=at,
        created_at=at,
        **given,
    )
    return row.id


def tell(tenant_id: UUID, notification_id: UUID, *path: str, at: datetime, channel: str = "email") -> None:
    """The lines of one delivery: planned, then moved along `path`, a second each."""
    delivery_id = uuid4()
    planned = {"to": path[0], "channel": channel, "step": 0}
    events = [NewEvent(tenant_id, "delivery.planned", at, notification_id, delivery_id, detail=planned)]
    for number, (was, becomes) in enumerate(pairwise(path), start=1):
        moment = at + timedelta(seconds=number)
        detail = {"from": was, "to": becomes, "channel": channel}
        events.append(NewEvent(tenant_id, "delivery.moved", moment, notification_id, delivery_id, detail=detail))
    record(events)
