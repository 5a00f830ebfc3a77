"""Speaking to the routes of the ledger, and rows for them to tell about."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.http import HttpResponse
from django.test import Client

from kernel.ids import derived
from notifications.models import Attempt, Delivery, Notification
from notifications.values import NotificationRequest

ROOT = "/api/v1"


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON with one key; a bug is an answer too, as it is for real clients."""

    key: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        where = path if path.startswith(("/api/", "http")) else ROOT + path
        return self.client.generic(method, where, raw, content_type=sent.pop("Content-Type"), headers=sent)

    def get(self, path: str) -> Any:
        """The answer of a GET, which must be a 200."""
        response = self("GET", path)
        assert response.status_code == 200, response.content
        return json.loads(response.content)


def problem(response: HttpResponse) -> tuple[int, str, list[tuple[str, str]]]:
    """(status, code, [(pointer, code)]) of an answer that must be a problem."""
    assert response["Content-Type"] == "application/problem+json", response.content
    body = json.loads(response.content)
    assert body["status"] == response.status_code
    return body["status"], body["code"], [(error["pointer"], error["code"]) for error in body.get("errors", ())]


def a_request(**facts: Any) -> NotificationRequest:
    """A request to notify Ana in her inbox, as it would come out of a body."""
    return msgspec.convert({**a_body(), **facts}, NotificationRequest, strict=True)


def a_body(**facts: Any) -> dict[str, Any]:
    """The JSON of a request to notify Ana in her inbox; a fact that is None is left out."""
    body = {"recipients": ["ana"], "content": {"in_app": {"title": "Hello", "body": "World"}}, **facts}
    return {name: value for name, value in body.items() if value is not None}


def a_delivery(row: Notification, *, state: str = "pending", **facts: Any) -> Delivery:
    """A delivery of `row` in `state`, with what the table's checks want for it."""
    at: datetime = row.created_at
    recipient_id: UUID = facts.pop("recipient_id", None) or uuid4()
    defaults: dict[str, Any] = {
        "id": derived(row.id, recipient_id, facts.get("channel", "email"), facts.get("step", 0)),
        "tenant_id": row.tenant_id,
        "notification_id": row.id,
        "recipient_id": recipient_id,
        "channel": "email",
        "state": state,
        "lane": row.priority,
        "priority": row.priority,
        "mode": row.mode,
        "created_at": at,
        "due_at": at if state in ("pending", "unknown") else None,
        "lease_until": at if state in ("claimed", "sending") else None,
        "provider_message_id": "m-1" if state in ("sent", "delivered") else "",
        "sent_at": at if state in ("sent", "delivered", "bounced") else None,
        "failed_at": at if state in ("failed", "dead", "bounced") else None,
        "reason": "provider_error" if state in ("failed", "dead", "unknown", "expired", "cancelled", "skipped") else "",
        "last_step": facts.get("step", 0),
    }
    return Delivery.objects.create(**{**defaults, **facts})


def an_attempt(delivery: Delivery, *, number: int = 1, outcome: str = "sent", **facts: Any) -> Attempt:
    """A provider call that took no time."""
    return Attempt.objects.create(
        id=derived(delivery.id, "attempt", number),
        tenant_id=delivery.tenant_id,
        delivery_id=delivery.id,
        number=number,
        lease_epoch=number,
        provider="smtp",
        account="smtp",
        begun_at=delivery.created_at,
        ended_at=delivery.created_at if outcome else None,
        outcome=outcome,
        **facts,
    )


def ids_of(rows: Iterable[dict[str, Any]]) -> set[str]:
    return {row["id"] for row in rows}
