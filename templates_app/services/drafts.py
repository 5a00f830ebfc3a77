"""Write templates: every save replaces the draft, judged as it would be at publishing."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import msgspec
from django.db import transaction

from kernel.ids import uuid7
from templates_app.catalogue import uses_of
from templates_app.models import Partial, Template, TemplateVersion
from templates_app.selectors import draft_of, owned_by
from templates_app.services.canaries import end
from templates_app.services.judging import Judged, judge
from templates_app.services.trail import note
from templates_app.values import Finding, PartialUse, TemplateSource

Row = TypeVar("Row", Template, Partial)


@dataclass(frozen=True, slots=True)
class Saved:
    """A draft that was kept. `created`: there was no such template."""

    template: Template
    draft: TemplateVersion
    created: bool
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Nothing was written: these errors keep it from being saved or published."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...] = ()


class Overtaken(Exception):
    """Somebody else changed the thing since it was read; the message says how it stands now."""


class TemplateInUse(Exception):
    """Something still names the template; the message says what does."""


def save_draft(
    key: str, *, tenant_id: UUID | None, name: str, source: TemplateSource, actor: str, at: datetime,
    if_revision: int | None = None,
) -> Saved | Unfit:  # fmt: skip
    """Keep `source` as the draft of the template, which is made when there is none. In the caller's scope.

    `if_revision` is the revision that was read, 0 for a draft that is new; raises `Overtaken` when it is another one.
    """
    judged = judge(tenant_id, source, key=key)
    if judged.errors:
        return Unfit(judged.errors, judged.warnings)
    with transaction.atomic():
        template, created = take_up(Template, key, tenant_id=tenant_id, name=name, at=at)
        draft = draft_of(template)
        require(draft.revision if draft else 0, if_revision, what=f"draft of '{key}'")
        written = _written(template, draft, judged, actor=actor, at=at)
        detail = {"revision": written.revision}
        note(tenant_id, actor=actor, action="template.saved", object=f"template:{key}", detail=detail, at=at)
    return Saved(template, written, created, judged.warnings)


def discard_draft(template: Template, *, actor: str, at: datetime) -> bool:
    """Forget what is being written; what is published stays. `False` when there was no draft."""
    draft = draft_of(template)
    if draft is None:
        return False
    draft.delete()
    note(template.tenant_id, actor=actor, action="template.draft_discarded", object=f"template:{template.key}", at=at)
    return True


def archive(template: Template, *, actor: str, at: datetime) -> None:
    """Take a template out of use; the platform's of the same key counts again. Its versions stay: messages name them.

    Raises `TemplateInUse`.
    """
    with transaction.atomic():
        if uses := uses_of(template.tenant_id, template.key):
            raise TemplateInUse(f"template '{template.key}' is named by {', '.join(uses[:5])}; change that first")
        discard_draft(template, actor=actor, at=at)
        if template.canary_id is not None:
            end(template, state="aborted", why="the template was taken out of use", actor=actor, at=at)
            template.refresh_from_db()
        template.archived_at, template.live_id, template.updated_at = at, None, at
        template.save(update_fields=("archived_at", "live_id", "updated_at"))
        note(template.tenant_id, actor=actor, action="template.archived", object=f"template:{template.key}", at=at)


def require(found: int, expected: int | None, *, what: str) -> None:
    """Raises `Overtaken` unless the revision is the one that was read; `None` asks for nothing."""
    if expected is not None and found != expected:
        raise Overtaken(f"the {what} has revision {found}, not {expected}; read it again")


def take_up(kind: type[Row], key: str, *, tenant_id: UUID | None, name: str, at: datetime) -> tuple[Row, bool]:
    """The row of a key, locked, and whether it is new. One that was archived is as good as new."""
    fresh = {"id": uuid7(at), "tenant_id": tenant_id, "name": name, "created_at": at, "updated_at": at}
    row, created = kind.objects.filter(owned_by(tenant_id)).get_or_create(key=key, defaults=fresh)
    row = kind.objects.select_for_update().get(owned_by(tenant_id), id=row.id)
    revived = row.archived_at is not None
    row.archived_at, row.name, row.updated_at = None, name, at
    row.save(update_fields=("archived_at", "name", "updated_at"))
    return row, created or revived


def _written(
    template: Template, draft: TemplateVersion | None, judged: Judged, *, actor: str, at: datetime
) -> TemplateVersion:
    if draft is None:
        draft = TemplateVersion(
            id=uuid7(at), tenant_id=template.tenant_id, template_id=template.id, number=0, revision=0, created_at=at
        )
    fill_in(draft, judged)
    draft.author, draft.updated_at, draft.revision = actor, at, draft.revision + 1
    draft.save()
    return draft


def fill_in(version: TemplateVersion, judged: Judged) -> None:
    """Put a source and what was made of it into a version that is not published."""
    version.source = msgspec.to_builtins(judged.made.source)
    version.offers = {channel: list(locales) for channel, locales in judged.made.offers.items()}
    version.compiled = msgspec.to_builtins(judged.made.compiled())
    version.layout = None if judged.layout is None else dict(judged.layout)
    version.partials = {
        key: msgspec.to_builtins(PartialUse(id=one.id, version=one.version))
        for key, one in judged.made.partials.items()
    }
