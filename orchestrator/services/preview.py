"""Preview: what a request would do, decided by the same rules on the same facts, with nothing kept and nothing sent.

People given as objects are written like in `accept` and rolled back with everything else, so a dry run is the real run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from audience.selectors import people, recipient_ids, segment_page
from audience.services import merge_recipients
from audience.values import Person, Reachable
from channels_app.accounts import Ways, ways_of
from channels_app.contract import Account
from channels_app.registry import channels
from kernel.ids import uuid7
from kernel.masking import mask
from notifications.services.judging import Admitted, judge_one, known_to
from notifications.values import NotificationRequest, Trouble
from orchestrator.rules.planning import refusals
from orchestrator.services.planning import Decided, decide
from orchestrator.services.rendering import Quarantined, Rendered, Wording, render
from orchestrator.services.repetitions import Worded
from orchestrator.services.routing import in_choice
from orchestrator.services.ways_out import answerable, example_of
from orchestrator.values import ClaimedNotification, PlannedDelivery
from preferences.services.centre_links import example_link
from templates_app.values import RenderError

MOST_OF_A_SEGMENT = 100  # a preview of a segment shows its first members only


@dataclass(frozen=True, slots=True)
class Previewed:
    """What would happen for one recipient: `steps` in order, and what is left out and why."""

    recipient: str
    steps: tuple[dict[str, Any], ...]
    skipped: tuple[dict[str, Any], ...]


def preview(
    *, tenant_id: UUID, request: NotificationRequest, mode: str, at: datetime
) -> list[Previewed] | tuple[Trouble, ...]:
    """What `request` would do for each recipient, or what is wrong with it. Needs the tenant's scope."""
    with transaction.atomic():
        verdict = judge_one(request, known=(known := known_to(tenant_id, [request])), at=at)
        if not isinstance(verdict, Admitted):
            return verdict
        merge_recipients(tenant_id=tenant_id, profiles=verdict.profiles, at=at)
        entries = _recipients(tenant_id, verdict, known.segments)
        notification = _as_claimed(tenant_id, verdict, entries, mode=mode, at=at)
        persons = people(UUID(entry["id"]) for entry in entries)
        ways = ways_of([tenant_id])
        content = msgspec.to_builtins(request.content) if request.content else {}
        words = {notification.id: Worded(content, request.correlation_id or "")}
        decided = decide([(notification, entries)], ways=ways, at=at, contents=words)
        shown = _shown(verdict, notification, decided, persons, ways=ways, at=at)
        transaction.set_rollback(True)
    return shown


def _recipients(tenant_id: UUID, admitted: Admitted, segments: Mapping[str, tuple[UUID, int]]) -> list[dict[str, Any]]:
    if admitted.request.segment:
        segment_id, _ = segments[admitted.request.segment]
        ids = segment_page(tenant_id=tenant_id, segment_id=segment_id, after_recipient_id=None, limit=MOST_OF_A_SEGMENT)
        return [{"id": str(found)} for found in ids]
    ids_of = recipient_ids(tenant_id, admitted.judged.people.keys())
    return [{"id": str(ids_of[name]), "data": own or None} for name, own in admitted.judged.people.items()]


def _as_claimed(
    tenant_id: UUID, admitted: Admitted, entries: Sequence[Mapping[str, Any]], *, mode: str, at: datetime
) -> ClaimedNotification:
    request, judged = admitted.request, admitted.judged
    return ClaimedNotification(
        id=uuid7(at),
        tenant_id=tenant_id,
        mode=mode,
        type=judged.type,
        category=judged.category,
        priority=judged.priority,
        strategy=judged.strategy,
        channels=judged.channels,
        content_channels=tuple(msgspec.to_builtins(request.content)) if request.content else (),
        recipients=tuple(entries),
        segment_id=None,
        recipient_count=len(entries),
        scheduled_at=request.scheduled_at,
        scheduled_local=request.scheduled_local.isoformat() if request.scheduled_local else "",
        recurrence="",
        expires_at=judged.expires_at,
        unknown_policy=judged.unknown_policy,
        created_at=at,
        lease_epoch=0,
        crashes=0,
        plan_position="",
        planned_count=0,
        at=at,
        template=judged.template,
        dedup=judged.dedup,
        data=request.data,
    )


def _shown(
    admitted: Admitted,
    notification: ClaimedNotification,
    decided: Decided,
    persons: Mapping[UUID, Person],
    *,
    ways: Ways,
    at: datetime,
) -> list[Previewed]:
    content = msgspec.to_builtins(admitted.request.content) if admitted.request.content else {}
    going = [d for d in decided.deliveries if d.state == "pending"]
    words = render([
        Wording(
            d.channel, content, admitted.request.data, d.data, persons[d.recipient_id], notification.id,
            notification.type, at, d.tenant_id, d.template_version_id, d.locale, notification.category,
            unsubscribe_url=example_of(d.channel, category=notification.category),
            preference_centre_url=example_link, answerable=_answerable(d, persons[d.recipient_id], ways),
        )
        for d in going
    ])  # fmt: skip
    steps: dict[UUID, list[dict[str, Any]]] = {}
    for delivery, said in zip(going, words, strict=True):
        start = notification.scheduled_at if delivery.due_at is None else delivery.due_at
        steps.setdefault(delivery.recipient_id, []).append(
            {
                "channel": delivery.channel,
                "endpoint": _masked(delivery, persons[delivery.recipient_id]),
                "at": max(start or at, at),
                "step": delivery.step,
                "provider": _account(delivery, persons[delivery.recipient_id], ways),
                "content": said if isinstance(said, msgspec.Struct) else None,
                **_cost(delivery, said, persons[delivery.recipient_id], ways),
                "error": _error(said),
            }
        )
    skipped = {
        decision.situation.recipient_id: tuple(
            {"channel": name, "reason": no.reason, "detail": no.flip or None, "flip": no.flip or None, "rule": no.rule}
            for name, no in refusals(decision)
        )
        for decision in decided.decisions
    }
    return [
        Previewed(person.external_id, tuple(steps.get(id, ())), skipped.get(id, ())) for id, person in persons.items()
    ]


def _answerable(delivery: PlannedDelivery, person: Person, ways: Ways) -> bool:
    return answerable(_accounts(delivery, person, ways), _endpoint(delivery, person))


def _account(delivery: PlannedDelivery, person: Person, ways: Ways) -> str:
    """The account that would be tried first if nothing is out of order then."""
    return in_choice(_accounts(delivery, person, ways), seed=delivery.id)[0]


def _accounts(delivery: PlannedDelivery, person: Person, ways: Ways) -> Sequence[Account]:
    endpoint = _endpoint(delivery, person)
    kind = endpoint.kind if endpoint else ""
    return ways.to(delivery.channel, mode=delivery.mode, tenant_id=delivery.tenant_id, kind=kind)


def _cost(delivery: PlannedDelivery, said: Rendered, person: Person, ways: Ways) -> dict[str, Any]:
    """What providers charge for: the units of a text, where length costs, and what that account takes for them."""
    text = str(getattr(said, "body", ""))
    units = channels.get(delivery.channel).units(text) if isinstance(said, msgspec.Struct) else None
    first = _account(delivery, person, ways)
    terms = next(account.terms for account in _accounts(delivery, person, ways) if account.key == first)
    charged = isinstance(said, msgspec.Struct) and bool(terms.cost_micros)
    return {
        "units": units,
        "cost_micros": terms.cost_micros * (units or 1) if charged else None,
        "currency": terms.currency if charged else None,
    }


def _error(said: Rendered) -> dict[str, str] | None:
    match said:
        case RenderError():
            return {"code": said.code, "detail": str(said)}
        case Quarantined():
            return {"code": "template_quarantined", "detail": "its template is held back; what is sent with it waits"}
    return None


def _masked(delivery: PlannedDelivery, person: Person) -> str | None:
    endpoint = _endpoint(delivery, person)
    return mask(endpoint.address) if endpoint else None


def _endpoint(delivery: PlannedDelivery, person: Person) -> Reachable | None:
    ways = person.endpoints.get(delivery.channel, ())
    return next((endpoint for endpoint in ways if endpoint.id == delivery.endpoint_id), None)
