"""Hear a batch: receipts of providers move the deliveries they speak of, whoever holds their leases.

A receipt is a fact. It is applied under a row lock and takes the lease away, so a worker that is still busy with the
delivery writes nothing that would contradict it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from channels_app.contract import Receipt
from events.services import record
from events.values import NewEvent
from kernel.clock import iso
from notifications.rules.states import BROKEN, DeliveryState
from orchestrator.rules.receipts import Heard, hear
from orchestrator.services import dead_letters
from orchestrator.services.settle import settle
from orchestrator.services.write import Place, disown_calls, follow_places

_FIND = """
SELECT id, tenant_id, notification_id, recipient_id, channel, step, last_step, state, provider_message_id
FROM notifications_delivery
WHERE id = ANY (%s) OR (provider_message_id = ANY (%s) AND provider_message_id <> '')
ORDER BY id FOR UPDATE
"""

_APPLY = """
UPDATE notifications_delivery d SET state = v.state, reason = v.reason, wait_reason = '', due_at = NULL,
  lease_until = NULL, lease_epoch = d.lease_epoch + 1,
  provider_message_id = CASE WHEN d.provider_message_id = '' THEN v.message_id ELSE d.provider_message_id END,
  succeeded = v.state = 'delivered' OR (d.succeeded AND v.state NOT IN ('bounced', 'failed')),
  sent_at = coalesce(d.sent_at, v.at),
  delivered_at = CASE WHEN v.state = 'delivered' THEN v.at ELSE d.delivered_at END,
  failed_at = CASE WHEN v.state IN ('bounced', 'failed') THEN v.at END
FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS v (id, state, reason, message_id, at)
WHERE d.id = v.id
"""


@dataclass(frozen=True, slots=True)
class _Delivery:
    id: UUID
    tenant_id: UUID
    notification_id: UUID
    recipient_id: UUID
    channel: str
    step: int
    last_step: int
    state: str
    provider_message_id: str


def hear_batch(receipts: Sequence[Receipt], *, at: datetime) -> list[Receipt]:
    """Apply receipts in their order; returns those that match no delivery (yet). Applying one again changes nothing.

    `at` is the moment of hearing; the moves bear the moments that the providers tell.
    """
    with transaction.atomic():
        found = _find(receipts)
        orphans: list[Receipt] = []
        told: dict[UUID, list[tuple[Receipt, Heard]]] = defaultdict(list)
        states = {delivery.id: DeliveryState(delivery.state) for delivery in found.values()}
        for receipt in receipts:
            delivery = found.get(receipt.delivery_id) or found.get(receipt.provider_message_id)
            if delivery is None:
                orphans.append(receipt)
                continue
            heard = hear(states[delivery.id], receipt.kind)
            told[delivery.id].append((receipt, heard))
            if heard.path:
                states[delivery.id] = heard.path[-1]
        deliveries = {delivery.id: delivery for delivery in found.values()}
        _write(deliveries, told, at=at)
    settle({deliveries[i].notification_id for i in told}, at=at)
    return orphans


def _find(receipts: Sequence[Receipt]) -> Mapping[UUID | str | None, _Delivery]:
    """The deliveries the receipts speak of, locked, by their id and by the provider's name for them."""
    ids = [receipt.delivery_id for receipt in receipts if receipt.delivery_id]
    names = [receipt.provider_message_id for receipt in receipts if receipt.provider_message_id]
    with connection.cursor() as cursor:
        cursor.execute(_FIND, (ids, names))
        rows = [_Delivery(*row) for row in cursor.fetchall()]
    by_id: dict[UUID | str | None, _Delivery] = {row.id: row for row in rows}
    return by_id | {row.provider_message_id: row for row in rows if row.provider_message_id}


def _write(
    deliveries: Mapping[UUID, _Delivery], told: Mapping[UUID, Sequence[tuple[Receipt, Heard]]], *, at: datetime
) -> None:
    events: list[NewEvent] = []
    rounds: list[list[tuple[UUID, DeliveryState, Receipt]]] = []
    for delivery_id, heard_list in told.items():
        delivery, was, number = deliveries[delivery_id], deliveries[delivery_id].state, 0
        for receipt, heard in heard_list:
            for state in heard.path:
                if number == len(rounds):
                    rounds.append([])
                rounds[number].append((delivery_id, state, receipt))
                detail = {
                    "from": was,
                    "to": state,
                    "channel": delivery.channel,
                    "code": receipt.code,
                    "receipt": receipt.kind,
                }
                events.append(_event(delivery, "delivery.moved", at, _reason(state), detail))
                was, number = state, number + 1
            if heard.engagement:
                detail = {"channel": delivery.channel, "happened_at": iso(receipt.at)}
                events.append(_event(delivery, f"delivery.{heard.engagement}", at, "", detail))
    with connection.cursor() as cursor:
        for moves in rounds:
            cursor.execute(
                _APPLY,
                (
                    [delivery_id for delivery_id, _, _ in moves],
                    [state for _, state, _ in moves],
                    [_reason(state) for _, state, _ in moves],
                    [receipt.provider_message_id or str(delivery_id) for delivery_id, _, receipt in moves],
                    [receipt.at for _, _, receipt in moves],
                ),
            )
    ended = {delivery_id: state for moves in rounds for delivery_id, state, _ in moves}
    dead_letters.withdraw([i for i in ended if deliveries[i].state == DeliveryState.DEAD], at=at)
    disown_calls([i for i in ended if deliveries[i].state == DeliveryState.SENDING])
    record(events)
    places = {
        i: Place(d.notification_id, d.recipient_id, d.step) for i, d in deliveries.items() if d.step < d.last_step
    }
    follow_places(
        succeeded=[places[i] for i, state in ended.items() if i in places and state is DeliveryState.DELIVERED],
        failed=[places[i] for i, state in ended.items() if i in places and state in BROKEN],
        at=at,
    )


def _reason(state: DeliveryState) -> str:
    return "provider_rejected" if state in BROKEN else ""


def _event(delivery: _Delivery, kind: str, at: datetime, reason: str, detail: Mapping[str, object]) -> NewEvent:
    return NewEvent(
        delivery.tenant_id, kind, at, delivery.notification_id, delivery.id, reason, detail, actor="provider"
    )
