"""Hold versions back: by hand, or because workers saw that nothing comes of them."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from events.services import record
from events.values import NewEvent
from templates_app.catalogue import released
from templates_app.models import Template, TemplateVersion
from templates_app.selectors import live_of, versions_of
from templates_app.services.trail import note

MOST_CRASHES = 3  # render children that one version may cost


def quarantine(
    template: Template, *, number: int | None, reason: str, actor: str, at: datetime
) -> TemplateVersion | None:
    """Hold back a version, the one in use when no number is given; `None` when there is none such."""
    version = live_of(template) if number is None else versions_of(template).filter(number=number).first()
    if version is None:
        return None
    if version.quarantined_at is None:
        version.quarantined_at, version.quarantine_reason = at, reason
        version.save(update_fields=("quarantined_at", "quarantine_reason"))
        detail = {"version": version.number, "reason": reason}
        action = "template.quarantined"
        note(template.tenant_id, actor=actor, action=action, object=f"template:{template.key}", detail=detail, at=at)
    return version


def release(template: Template, *, actor: str, at: datetime) -> list[UUID]:
    """Let every version of the template go out again; returns those that were held back."""
    held = list(versions_of(template).exclude(quarantined_at=None).values_list("id", flat=True))
    if held:
        versions_of(template).filter(id__in=held).update(quarantined_at=None, quarantine_reason="", crashes=0)
        released(held)
        action = "template.released"
        note(template.tenant_id, actor=actor, action=action, object=f"template:{template.key}", at=at)
    return held


def count_crash(version_id: UUID, *, at: datetime) -> bool:
    """One more render child died of this version; `True` when that was one too many and it is held back now."""
    rows = TemplateVersion.objects.filter(id=version_id, quarantined_at=None)
    if not rows.update(crashes=F("crashes") + 1):
        return False
    if not rows.filter(crashes__gte=MOST_CRASHES).exists():
        return False
    return _held(rows, reason=f"it cost {MOST_CRASHES} render processes their life", at=at)


def hold(version_id: UUID, *, reason: str, at: datetime) -> bool:
    """Hold back a tenant's version because of what workers saw; `True` when it was not held back before.

    The platform's words are everybody's: what fails for one tenant must not hold up the others.
    """
    rows = TemplateVersion.objects.filter(id=version_id, quarantined_at=None, tenant__isnull=False)
    return _held(rows, reason=reason, at=at)


@transaction.atomic
def _held(rows: QuerySet[TemplateVersion], *, reason: str, at: datetime) -> bool:
    version = rows.only("id", "tenant_id", "template_id", "number").first()
    if version is None or not rows.update(quarantined_at=at, quarantine_reason=reason):
        return False
    template = Template.objects.filter(id=version.template_id).first()
    detail = {"version": version.number, "reason": reason}
    key = template.key if template else str(version.template_id)
    action = "template.quarantined"
    note(version.tenant_id, actor="worker", action=action, object=f"template:{key}", detail=detail, at=at)
    if version.tenant_id is not None:
        record([NewEvent(version.tenant_id, action, at, detail={"template": key, **detail}, actor="worker")])
    return True
