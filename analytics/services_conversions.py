"""Note that people did what a message was for: a line of the log for each, counted by whoever reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from events.services import record
from events.values import NewEvent
from kernel.ids import id_range
from notifications.models import Delivery

CONVERTED = "delivery.converted"


@dataclass(frozen=True, slots=True)
class Conversion:
    """What somebody did because of a delivery, and when. `name` is the tenant's own word for it: "bought"."""

    delivery_id: UUID
    at: datetime
    name: str = ""


def note_conversions(
    conversions: Sequence[Conversion], *, tenant_id: UUID, mode: str, actor: str
) -> tuple[Conversion, ...]:
    """Write a line for each that is about a delivery of this tenant and mode; returns those that are about none.

    In two statements and the caller's transaction. Told again they are written again, and count once.
    """
    ids = {one.delivery_id for one in conversions}
    low, high = id_range(ids)
    rows = Delivery.objects.filter(tenant_id=tenant_id, mode=mode, id__in=ids, id__gte=low, id__lt=high).order_by()
    known = {id: (about, channel) for id, about, channel in rows.values_list("id", "notification_id", "channel")}
    record([_line(one, *known[one.delivery_id], tenant_id, actor) for one in conversions if one.delivery_id in known])
    return tuple(one for one in conversions if one.delivery_id not in known)


def _line(one: Conversion, notification_id: UUID, channel: str, tenant_id: UUID, actor: str) -> NewEvent:
    detail = {"channel": channel, "name": one.name} if one.name else {"channel": channel}
    return NewEvent(tenant_id, CONVERTED, one.at, notification_id, one.delivery_id, "", detail, actor)
