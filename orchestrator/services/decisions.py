"""Keep decisions, explain them, and take them again: a handful of statements for any batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from uuid import UUID

from django.db import connection

from kernel.ids import derived
from notifications.models import Notification
from orchestrator.models import Decision as Row
from orchestrator.rules.planning import Decision
from orchestrator.rules.record import RULES, Said, again, outcome, packed, unpacked

_INSERT = """
INSERT INTO orchestrator_decision (id, tenant_id, notification_id, recipients, rules, at, facts, outcome)
SELECT id, tenant_id, notification_id, recipients, %s, at, facts, outcome
FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::int[], %s::timestamptz[], %s::bytea[], %s::bytea[])
  AS new (id, tenant_id, notification_id, recipients, at, facts, outcome)
ON CONFLICT (id) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of taking a record of decisions again. `agrees` is `None` where it cannot be told: other
    rules held when it was taken, or what the request said is gone."""

    id: UUID
    notification_id: UUID
    recipients: int
    agrees: bool | None


def keep(decisions: Sequence[Decision], *, pages: Mapping[UUID, str]) -> None:
    """Keep what was decided, in the caller's transaction. `pages`: the place of this page by notification.

    The decisions of a notification stand together. Keeping a page twice keeps it once.
    """
    rows = []
    for notification_id, found in groupby(decisions, key=lambda decision: decision.case.notification.id):
        page = list(found)
        case = page[0].case
        id = derived(notification_id, "decision", pages[notification_id])
        rows.append((id, case.notification.tenant_id, notification_id, len(page), case.at, packed(page), outcome(page)))
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, (RULES, *(list(column) for column in zip(*rows, strict=True))))


def decisions_of(notification: Notification, *, recipient_id: UUID | None = None) -> Iterator[Decision]:
    """What was decided about a notification, for all its recipients or one of them, by the rules of today."""
    said = said_by(notification)
    for row in Row.objects.filter(notification_id=notification.id).order_by("id").iterator(chunk_size=10):
        yield from again(unpacked(bytes(row.facts)), said=said, only=recipient_id)


def replayed(rows: Sequence[Row]) -> Iterator[Replayed]:
    """Take every decision of these records again and compare it with what came of it then."""
    found = Notification.objects.filter(id__in={row.notification_id for row in rows}).only("data", "recipients")
    said = {notification.id: said_by(notification) for notification in found}
    for row in rows:
        if row.rules != RULES or row.notification_id not in said:
            yield Replayed(row.id, row.notification_id, row.recipients, agrees=None)
        else:
            decisions = again(unpacked(bytes(row.facts)), said=said[row.notification_id])
            same = outcome(decisions) == bytes(row.outcome)
            yield Replayed(row.id, row.notification_id, row.recipients, agrees=same)


def said_by(notification: Notification) -> Said:
    """What a request said, as decisions need it."""
    own = {UUID(entry["id"]): entry["data"] for entry in notification.recipients if entry.get("data") is not None}
    return Said(notification.data, own)
