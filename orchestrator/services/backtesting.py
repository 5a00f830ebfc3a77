"""Try a change on recorded traffic: nothing is sent and nothing is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from kernel.ids import lowest
from notifications.models import Notification
from orchestrator.models import Decision as Row
from orchestrator.rules.backtest import Change, Comparison
from orchestrator.rules.record import again, unpacked
from orchestrator.services.decisions import said_by

BATCH = 50  # records read at a time, of up to 500 recipients each

# What a message of a channel has cost lately, where its account has a price.
_COSTS = """
SELECT channel, avg(cost_micros)::float8 FROM notifications_delivery
WHERE tenant_id = %s AND id >= %s AND cost_micros > 0 GROUP BY channel
"""


@dataclass(frozen=True, slots=True)
class Backtest:
    """What came of it. `complete` is false when it was ended early; costs are micros of the tenant's currency, from
    what `first` messages cost to what all of them would."""

    compared: Comparison
    complete: bool
    cost_of: Mapping[str, float]  # of one message, by channel


def backtest(
    change: Change,
    *,
    tenant_id: UUID,
    since: datetime,
    most: int,
    type: str = "",
    progress: Callable[[int], None] | None = None,
) -> Backtest:
    """Take up to `most` decisions since a moment again, as they were and under the change. In the tenant's scope.

    The newest traffic comes first, so that what was ended early is about the latest of it.
    """
    compared = Comparison()
    rows = Row.objects.filter(tenant_id=tenant_id, id__gte=lowest(since)).order_by("-id")
    last: UUID | None = None
    complete = True
    while batch := list((rows.filter(id__lt=last) if last else rows)[:BATCH]):
        last = batch[-1].id
        if compared.decisions >= most:
            complete = False
            break
        _compare(batch, change, compared, type=type)
        if progress:
            progress(compared.decisions)
    with connection.cursor() as cursor:
        cursor.execute(_COSTS, (tenant_id, lowest(since)))
        costs = dict(cursor.fetchall())
    return Backtest(compared, complete, costs)


def _compare(batch: list[Row], change: Change, compared: Comparison, *, type: str) -> None:
    found = Notification.objects.filter(id__in={row.notification_id for row in batch}).only("data", "recipients")
    said = {notification.id: said_by(notification) for notification in found}
    for row in batch:
        if row.notification_id not in said:
            continue
        record = unpacked(bytes(row.facts))
        if not type or record.case.notification.type == type:
            for decision in again(record, said=said[row.notification_id]):
                compared.add(decision, change)
