"""Begin and end canaries: a version for some first, then for all or for nobody. Who watches them is a floor above."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import connection

from events.services import record
from events.values import NewEvent
from kernel.clock import iso
from kernel.ids import uuid7
from templates_app.catalogue import published, withdrawn
from templates_app.models import Canary, CanaryHarm, Template, TemplateVersion
from templates_app.rules.canary import MOVES, RUNNING, State, Terms
from templates_app.selectors import owned_by
from templates_app.services.trail import note as write_down

# Everything written from now on lies behind this place of the log.
_HERE = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
_LOWEST_ID = UUID(int=0)


class NoCanary(Exception):
    """The template has no canary that is running."""


class CanaryRunning(Exception):
    """A canary of the template is running; it has to end first."""


class NothingBefore(Exception):
    """No version is in use that the others could keep."""


class Smaller(Exception):
    """A canary's share can only grow: who has the new words keeps them."""


def begin(
    template: Template, version: TemplateVersion, *, percent: int, terms: Terms, actor: str, at: datetime
) -> Canary:
    """Give `version`, which is published, to some. The template is locked by the caller. Raises `NothingBefore`."""
    if template.live_id is None or template.tenant_id is None:
        raise NothingBefore(f"no version of '{template.key}' is in use; publish one to all first")
    with connection.cursor() as cursor:
        cursor.execute(_HERE)
        (here,) = cursor.fetchone()
    canary = Canary.objects.create(
        id=uuid7(at),
        tenant_id=template.tenant_id,
        template_id=template.id,
        version_id=version.id,
        before_id=template.live_id,
        percent=percent,
        stages=[{"percent": percent, "since": iso(at)}],
        terms=asdict(terms),
        deliveries={"canary": 0, "control": 0},
        log_xid=here,
        log_id=_LOWEST_ID,
        started_by=actor,
        started_at=at,
        looked_at=at,
    )
    _offer(template, version.id, percent, at=at)
    _tell(template, canary, "started", {"version": version.number, "percent": percent}, actor=actor, at=at)
    return canary


def grow(template: Template, *, percent: int, actor: str, at: datetime) -> Canary:
    """Give the new words to more people. Raises `NoCanary`, `Smaller`."""
    template = locked(template)
    canary = running(template)
    if percent < canary.percent:
        raise Smaller(f"{percent} % is less than the {canary.percent} % who have the new words; abort it instead")
    if percent > canary.percent:
        canary.percent = percent
        canary.stages = [*canary.stages, {"percent": percent, "since": iso(at)}]
        canary.save(update_fields=("percent", "stages"))
        _offer(template, canary.version_id, percent, at=at)
        _tell(template, canary, "grown", {"percent": percent}, actor=actor, at=at)
    return canary


def end(template: Template, *, state: State, why: str, actor: str, at: datetime) -> Canary:
    """End the canary that is running. Promoted, everybody gets its words; else what was planned with them and never
    tried goes out with those before, and after `rolled_back` the version is held back too. Raises `NoCanary`.
    """
    template = locked(template)
    canary = running(template)
    assert state in MOVES[RUNNING]
    canary.state, canary.ended_at, canary.ended_by, canary.note = state, at, actor[:120], why[:500]
    canary.save(update_fields=("state", "ended_at", "ended_by", "note"))
    CanaryHarm.objects.filter(canary_id=canary.id).delete()
    if state == "promoted":
        template.live_id = canary.version_id
    if state == "rolled_back":
        rows = TemplateVersion.objects.filter(id=canary.version_id, quarantined_at=None)
        rows.update(quarantined_at=at, quarantine_reason=why[:300])
    _offer(template, None, 0, at=at)
    version = TemplateVersion.objects.only("number").get(id=canary.version_id)
    detail = {"version": version.number, "note": why, "harm": canary.harm if state == "rolled_back" else ""}
    _tell(template, canary, state, {name: said for name, said in detail.items() if said}, actor=actor, at=at)
    if state == "promoted":
        published(canary.before_id, canary.version_id)
    else:
        withdrawn(canary.version_id, canary.before_id)
    return canary


def running(template: Template) -> Canary:
    """The canary of the template, locked. Raises `NoCanary`."""
    found = Canary.objects.select_for_update().filter(template_id=template.id, state=RUNNING).first()
    if found is None:
        raise NoCanary(f"no canary of '{template.key}' is running")
    return found


def newest(template: Template) -> Canary | None:
    """The canary that is running, or the last one that ended."""
    return Canary.objects.filter(template_id=template.id).order_by("-started_at").first()


def locked(template: Template) -> Template:
    """The template as it is now, in everybody's order: the template before its canary."""
    return Template.objects.select_for_update().get(owned_by(template.tenant_id), id=template.id)


def _offer(template: Template, version_id: UUID | None, percent: int, *, at: datetime) -> None:
    template.canary_id, template.canary_percent, template.updated_at = version_id, percent, at
    template.save(update_fields=("live_id", "canary_id", "canary_percent", "updated_at"))


# What the tenant's log calls it; `template.rolled_back` is what people want to be woken by.
_EVENTS = {
    "started": "template.canary_started",
    "grown": "template.canary_grown",
    "promoted": "template.promoted",
    "rolled_back": "template.rolled_back",
    "aborted": "template.canary_aborted",
}


def _tell(
    template: Template, canary: Canary, what: str, detail: dict[str, object], *, actor: str, at: datetime
) -> None:
    """In the tenant's trail and in its log."""
    write_down(
        template.tenant_id,
        actor=actor,
        action=f"template.canary_{what}",
        object=f"template:{template.key}",
        detail=detail,
        at=at,
    )
    said = {"template": template.key, "canary": str(canary.id), **detail}
    record([NewEvent(canary.tenant_id, _EVENTS[what], at, detail=said, actor=actor)])
