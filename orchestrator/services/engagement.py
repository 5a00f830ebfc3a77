"""Note that a link was followed or a message opened: looked at here, kept as a report, applied with all others."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection

from channels_app.hooks.own import Sighted, keep_sighted
from channels_app.shared_state import Script, shared_state
from events.bells import ring
from kernel.ids import id_range
from kernel.lately import Lately
from orchestrator.rules.robots import BURST, Visit, Why, automated, by_itself
from orchestrator.rules.tracking_token import TrackedLink
from tenants.scope import platform_scope

LANE = "receipts"
Kind = Literal["clicked", "opened"]

# A call that is under way has handed nothing over yet; one whose answer was lost may have.
_LOOK = """
SELECT d.id, d.tenant_id, d.channel, attempt.provider, attempt.account,
  CASE WHEN d.state NOT IN ('claimed', 'sending') THEN coalesce(d.sent_at, attempt.begun_at) END
FROM notifications_delivery d
JOIN LATERAL (
  SELECT provider, account, begun_at FROM notifications_attempt
  WHERE delivery_id = d.id AND id >= %s AND id < %s ORDER BY number DESC LIMIT 1) AS attempt ON true
WHERE d.id = %s
"""

_burst = Script("burst")
_noted = Lately(most=20_000, within=timedelta(days=1))  # spares the database what the whole world is following
forget = _noted.forget


@dataclass(frozen=True, slots=True)
class _Found:
    """The message that a visit is about."""

    delivery_id: UUID
    tenant_id: UUID
    channel: str
    provider: str
    account: str
    handed_over_at: datetime | None


def note_click(link: TrackedLink, visit: Visit) -> None:
    """Note that a link was followed; again within a week, and what was no person, is no news."""
    found = _find(link.delivery_id, once=_once("clicked", by_itself(visit), what=str(link.number)), at=visit.at)
    if found is None:
        return
    why = automated(visit, handed_over_at=found.handed_over_at, links_lately=1)
    if not why:
        why = automated(visit, handed_over_at=found.handed_over_at, links_lately=_links_lately(link))
    detail = {"link": link.number, "host": urlsplit(link.address).hostname or ""}
    _keep(found, "clicked", visit, why=why, what=str(link.number), detail=detail)


def note_open(delivery_id: UUID, visit: Visit) -> None:
    """Note that a message was opened, once a week."""
    found = _find(delivery_id, once=_once("opened", by_itself(visit), what=""), at=visit.at)
    if found is None:
        return
    why = automated(visit, handed_over_at=found.handed_over_at, links_lately=0)
    _keep(found, "opened", visit, why=why, what="", detail={"pixel": True})


def _once(kind: Kind, why: Why, *, what: str) -> str:
    """What is news once for a delivery. Machines come by for every link: that one did will do."""
    return f"{kind}:automated" if why else f"{kind}:{what}"


def _keep(found: _Found, kind: Kind, visit: Visit, *, why: Why, what: str, detail: dict[str, Any]) -> None:
    once = _once(kind, why, what=what)
    sighted = Sighted(
        tenant_id=found.tenant_id,
        delivery_id=found.delivery_id,
        account=found.account,
        provider=found.provider,
        channel=found.channel,
        kind=kind,
        at=visit.at,
        detail={**detail, "automated": why} if why else detail,
    )
    with platform_scope():
        kept = keep_sighted(sighted, once=once)
    _noted.keep((found.delivery_id, once), at=visit.at)
    if kept:
        ring((LANE,))


def _find(delivery_id: UUID, *, once: str, at: datetime) -> _Found | None:
    """The message; `None` when there is none (any more), or this is known to be no news."""
    if _noted.has((delivery_id, once), at=at):
        return None
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute(_LOOK, (*id_range((delivery_id,)), delivery_id))
        row = cursor.fetchone()
    return _Found(*row) if row else None


def _links_lately(link: TrackedLink) -> int:
    """How many links of a message were followed lately, with this one; this one alone while Redis does not answer."""
    milliseconds = int(BURST.total_seconds() * 1000)
    found = shared_state.run(_burst, keys=[f"carillon:clicks:{link.delivery_id}"], args=[link.number, milliseconds])
    return int(found[0]) if found else 1
