"""Hear a batch: receipts of providers move the deliveries they speak of, whoever holds their leases.

A receipt is a fact. It is applied under a row lock and takes the lease away, so a worker that is still busy with the
delivery writes nothing that would contradict it. An account is believed about what was handed to it, and nothing else:
a delivery counts as meant when a call for it was made through the account that the receipt came from.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from channels_app.contract import Receipt
from events.services import record
from events.values import NewEvent
from kernel.clock import iso
from notifications.rules.states import BROKEN, DeliveryState
from orchestrator.rules.receipts import Heard, hear
from orchestrator.rules.success import BY_PEOPLE, is_success
from orchestrator.services import dead_letters
from orchestrator.services.calls import disown_calls
from orchestrator.services.next_steps import Place, follow_places
from orchestrator.services.settle import settle
from orchestrator.services.successes import note_success

# A campaign is sent in minutes, so statistics are old when its receipts come. The look-ups are fenced (OFFSET 0, LIMIT
# 1) to go by their index whatever the planner believes: joined freely, 200 receipts took twenty seconds.
_MATCH = """
SELECT told.number, d.* FROM unnest(%s::int[], %s::{key_type}[], %s::text[], %s::uuid[])
  AS told (number, key, account, tenant_id)
CROSS JOIN LATERAL (
  SELECT id, tenant_id, notification_id, recipient_id, endpoint_id, channel FROM notifications_delivery
  WHERE {key} = told.key {and_more} OFFSET 0) AS d
WHERE (told.tenant_id IS NULL OR d.tenant_id = told.tenant_id)
  AND (SELECT true FROM notifications_attempt a WHERE a.delivery_id = d.id AND a.account = told.account LIMIT 1)
ORDER BY told.number, d.id DESC
"""
_MATCH_ID = _MATCH.format(key="id", key_type="uuid", and_more="")
# The second condition is that of the partial index.
_MATCH_NAME = _MATCH.format(key="provider_message_id", key_type="text", and_more="AND provider_message_id <> ''")

_LOCK = """
SELECT id, step, last_step, state, success FROM notifications_delivery WHERE id = ANY (%s) ORDER BY id FOR UPDATE
"""

_APPLY = """
UPDATE notifications_delivery d SET state = v.state, reason = v.reason, wait_reason = '', due_at = NULL,
  lease_until = NULL, lease_epoch = d.lease_epoch + 1,
  provider_message_id = CASE WHEN d.provider_message_id = '' THEN v.message_id ELSE d.provider_message_id END,
  error = CASE WHEN v.error <> '' THEN v.error::jsonb ELSE d.error END,
  succeeded = v.succeeded OR (d.succeeded AND v.state NOT IN ('bounced', 'failed')),
  sent_at = coalesce(d.sent_at, v.at),
  delivered_at = CASE WHEN v.state = 'delivered' THEN v.at ELSE d.delivered_at END,
  failed_at = CASE WHEN v.state IN ('bounced', 'failed') THEN v.at END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::bool[])
  AS v (id, state, reason, message_id, error, at, succeeded)
WHERE d.id = v.id
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A receipt and where it came from. `tenant_id` is whose account that is; `None` = everybody's."""

    receipt: Receipt
    account: str
    tenant_id: UUID | None = None
    report_id: UUID | None = None  # the row that keeps it
    actor: str = "provider"
    automated: bool = False  # no person did it, so it proves nothing and counts for nothing
    detail: Mapping[str, Any] = field(default_factory=dict)  # what the log is told beside the receipt


@dataclass(frozen=True, slots=True)
class Meant:
    """The delivery a receipt speaks of."""

    id: UUID
    tenant_id: UUID
    notification_id: UUID
    recipient_id: UUID
    endpoint_id: UUID | None
    channel: str
    step: int = 0
    last_step: int = 0
    state: str = ""
    success: str = ""  # what its strategy counts as success

    def locked(self, step: int, last_step: int, state: str, success: str) -> "Meant":
        """With what it is now. Spelled out: `replace` costs three times as much, for every receipt."""
        return Meant(
            self.id,
            self.tenant_id,
            self.notification_id,
            self.recipient_id,
            self.endpoint_id,
            self.channel,
            step,
            last_step,
            state,
            success,
        )


def hear_batch(told: Sequence[Told], *, at: datetime) -> list[Told]:
    """Apply receipts in their order; returns those that match no delivery (yet). Applying one again changes no state.

    `at` is the moment of hearing; the moves bear the moments that the providers tell.
    """
    with transaction.atomic():
        meant = match(told)
        apply([(told[number], delivery) for number, delivery in meant.items()], at=at)
    settle({delivery.notification_id for delivery in meant.values()}, at=at)
    return [one for number, one in enumerate(told) if number not in meant]


def match(told: Sequence[Told]) -> dict[int, Meant]:
    """The deliveries that receipts speak of, by the place of the receipt; in two statements at most, without locks.

    By the delivery's own id, else by the provider's name for the message; names are unique per account only.
    """
    named = [(number, id) for number, one in enumerate(told) if (id := one.receipt.delivery_id)]
    found = _matched(_MATCH_ID, named, told)
    rest = [
        (number, name)
        for number, one in enumerate(told)
        if number not in found and (name := one.receipt.provider_message_id)
    ]
    return found | _matched(_MATCH_NAME, rest, told)


def _matched(statement: str, keys: Sequence[tuple[int, object]], told: Sequence[Told]) -> dict[int, Meant]:
    if not keys:
        return {}
    columns = (
        [number for number, _ in keys],
        [key for _, key in keys],
        [told[number].account for number, _ in keys],
        [told[number].tenant_id for number, _ in keys],
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
        return {number: Meant(*row) for number, *row in cursor.fetchall()}  # the last row of a number is the best one


def apply(told: Sequence[tuple[Told, Meant]], *, at: datetime) -> None:
    """Move the deliveries and note the engagement that receipts tell of, in the caller's transaction."""
    deliveries = _locked({delivery.id: delivery for _, delivery in told})
    states = {delivery.id: DeliveryState(delivery.state) for delivery in deliveries.values()}
    heard: list[tuple[Told, Meant, Heard]] = []
    for one, delivery in told:
        if delivery.id in deliveries:
            found = Heard(()) if one.automated else hear(states[delivery.id], one.receipt.kind)
            heard.append((one, deliveries[delivery.id], found))
            if found.path:
                states[delivery.id] = found.path[-1]
    moves = _moves(heard)
    _move(moves, deliveries)
    reached = [d.id for _, d, found in heard if d.success in BY_PEOPLE and is_success(d.success, found.engagement)]
    note_success(reached)
    record(_history(heard, at=at))
    _follow(deliveries, {delivery_id: state for round in moves for delivery_id, state, _ in round}, reached, at=at)


def _locked(meant: Mapping[UUID, Meant]) -> dict[UUID, Meant]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, (list(meant),))
        return {id: meant[id].locked(*rest) for id, *rest in cursor.fetchall()}


def _moves(heard: Sequence[tuple[Told, Meant, Heard]]) -> list[list[tuple[UUID, DeliveryState, Receipt]]]:
    """The moves in rounds, each delivery once in each: no delivery makes more than three."""
    rounds: list[list[tuple[UUID, DeliveryState, Receipt]]] = []
    made: dict[UUID, int] = defaultdict(int)
    for one, delivery, found in heard:
        for state in found.path:
            if made[delivery.id] == len(rounds):
                rounds.append([])
            rounds[made[delivery.id]].append((delivery.id, state, one.receipt))
            made[delivery.id] += 1
    return rounds


def _move(rounds: Collection[Sequence[tuple[UUID, DeliveryState, Receipt]]], deliveries: Mapping[UUID, Meant]) -> None:
    with connection.cursor() as cursor:
        for moves in rounds:
            cursor.execute(
                _APPLY,
                (
                    [delivery_id for delivery_id, _, _ in moves],
                    [state for _, state, _ in moves],
                    [_reason(state) for _, state, _ in moves],
                    [receipt.provider_message_id or str(delivery_id) for delivery_id, _, receipt in moves],
                    [_error(state, receipt) for _, state, receipt in moves],
                    [receipt.at for _, _, receipt in moves],
                    [is_success(deliveries[id].success, state) for id, state, _ in moves],
                ),
            )


def _history(heard: Sequence[tuple[Told, Meant, Heard]], *, at: datetime) -> list[NewEvent]:
    """One line for each receipt, and one for each move that it implies without telling of it."""
    events: list[NewEvent] = []
    was = {delivery.id: delivery.state for _, delivery, _ in heard}

    def tell(delivery: Meant, kind: str, reason: str = "", actor: str = "provider", **detail: Any) -> None:
        said = {"channel": delivery.channel, **detail}
        events.append(
            NewEvent(delivery.tenant_id, kind, at, delivery.notification_id, delivery.id, reason, said, actor)
        )

    for one, delivery, found in heard:
        receipt = one.receipt
        itself = {"receipt": receipt.kind, "code": receipt.code, "happened_at": iso(receipt.at), **one.detail}
        if one.report_id:
            itself["report"] = str(one.report_id)
        told = False
        for number, state in enumerate(found.path, start=1):
            told = number == len(found.path) and not found.engagement
            moved = {"from": was[delivery.id], "to": state}
            why = itself if told else {"implied_by": receipt.kind}
            tell(delivery, "delivery.moved", _reason(state), **moved, **why)
            was[delivery.id] = state
        if not told:
            kind, reason = found.engagement or "reported", "automated" if one.automated else ""
            tell(delivery, f"delivery.{kind}", reason, one.actor, **itself)
    return events


def _follow(
    deliveries: Mapping[UUID, Meant], ended: Mapping[UUID, DeliveryState], reached: Iterable[UUID], *, at: datetime
) -> None:
    """What else is different now: dead letters that are none, calls under way for nothing, steps of strategies."""
    dead_letters.withdraw([i for i in ended if deliveries[i].state == DeliveryState.DEAD], at=at)
    disown_calls([i for i in ended if deliveries[i].state == DeliveryState.SENDING])
    places = {
        i: Place(d.notification_id, d.recipient_id, d.step) for i, d in deliveries.items() if d.step < d.last_step
    }
    follow_places(
        succeeded=[
            *(places[i] for i, state in ended.items() if i in places and is_success(deliveries[i].success, state)),
            *(places[i] for i in reached if i in places),
        ],
        failed=[places[i] for i, state in ended.items() if i in places and state in BROKEN],
        at=at,
    )


def _reason(state: DeliveryState) -> str:
    return "provider_rejected" if state in BROKEN else ""


def _error(state: DeliveryState, receipt: Receipt) -> str:
    return json.dumps({"code": receipt.code or receipt.kind}) if state in BROKEN else ""
