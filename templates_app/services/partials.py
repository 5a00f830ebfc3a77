"""Write partials and put them into use. What is published never changes; templates take it when they are published."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from django.db import transaction
from django.db.models import Max

from kernel import structs
from kernel.ids import uuid7
from templates_app.models import Partial, PartialVersion
from templates_app.rules.partials.judging import Judged
from templates_app.rules.schema import data_faults
from templates_app.selectors import owned_by, settings_of
from templates_app.services.drafts import Unfit, require, take_up
from templates_app.services.partial_examples import about, fill_in_example, judge_partial
from templates_app.services.publishing import FourEyes, NothingToPublish
from templates_app.services.trail import note as write_down
from templates_app.shelving import draft_of_partial, named_by, versions_of_partial
from templates_app.values import Finding, PartialSource, RenderError


@dataclass(frozen=True, slots=True)
class SavedPartial:
    """A draft that was kept. `created`: there was no such partial."""

    partial: Partial
    draft: PartialVersion
    created: bool
    warnings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PublishedPartial:
    """A version that templates get which are published from now on."""

    partial: Partial
    version: PartialVersion
    warnings: tuple[Finding, ...]


class PartialInUse(Exception):
    """Something still names the partial; the message says what does."""


def save_partial(
    key: str, *, tenant_id: UUID | None, name: str, source: PartialSource, actor: str, at: datetime,
    if_revision: int | None = None,
) -> SavedPartial | Unfit:  # fmt: skip
    """Keep `source` as the draft of the partial, which is made when there is none. Raises `Overtaken`."""
    judged = judge_partial(key, source, tenant_id=tenant_id)
    if judged.errors:
        return Unfit(judged.errors, judged.warnings)
    with transaction.atomic():
        row, created = take_up(Partial, key, tenant_id=tenant_id, name=name, at=at)
        draft = draft_of_partial(row)
        require(draft.revision if draft else 0, if_revision, what=f"draft of partial '{key}'")
        if draft is None:
            fresh = {"id": uuid7(at), "tenant_id": tenant_id, "partial_id": row.id, "created_at": at}
            draft = PartialVersion(**fresh, number=0, revision=0)
        draft.source, draft.author = msgspec.to_builtins(source), actor
        draft.revision, draft.updated_at = draft.revision + 1, at
        draft.save()
        detail = {"revision": draft.revision}
        write_down(tenant_id, actor=actor, action="partial.saved", object=f"partial:{key}", detail=detail, at=at)
    return SavedPartial(row, draft, created, judged.warnings)


def discard_partial_draft(row: Partial, *, actor: str, at: datetime) -> bool:
    """Forget what is being written; what is published stays. `False` when there was no draft."""
    draft = draft_of_partial(row)
    if draft is None:
        return False
    draft.delete()
    write_down(row.tenant_id, actor=actor, action="partial.draft_discarded", object=f"partial:{row.key}", at=at)
    return True


def publish_partial(
    key: str, *, tenant_id: UUID | None, note: str, actor: str, at: datetime, if_revision: int | None = None
) -> PublishedPartial | Unfit:
    """Put the draft into use: templates published from now on get it; those in use keep what they have.

    Raises `NothingToPublish`, `FourEyes` and `Overtaken`.
    """
    with transaction.atomic():
        row = Partial.objects.select_for_update().filter(owned_by(tenant_id), key=key, archived_at=None).first()
        draft = draft_of_partial(row) if row else None
        if row is None or draft is None:
            raise NothingToPublish(f"partial '{key}' has no draft; PUT /partials/{key} writes one")
        require(draft.revision, if_revision, what=f"draft of partial '{key}'")
        if settings_of(tenant_id).four_eyes and draft.author == actor:
            raise FourEyes(f"partial '{key}' was last written by you; somebody else publishes it")
        source = structs.convert(draft.source, PartialSource)
        judged = judge_partial(key, source, tenant_id=tenant_id)
        if errors := judged.errors or tuple(_about_example(judged, source, tenant_id=tenant_id, at=at)):
            return Unfit(errors, judged.warnings)
        latest = versions_of_partial(row).aggregate(latest=Max("number"))["latest"] or 0
        draft.number, draft.note, draft.publisher = latest + 1, note, actor
        draft.published_at, draft.updated_at, draft.revision = at, at, draft.revision + 1
        draft.save()
        row.live_id, row.updated_at = draft.id, at
        row.save(update_fields=("live_id", "updated_at"))
        detail = {"version": draft.number} | ({"note": note} if note else {})
        write_down(tenant_id, actor=actor, action="partial.published", object=f"partial:{key}", detail=detail, at=at)
    return PublishedPartial(row, draft, judged.warnings)


def archive_partial(row: Partial, *, actor: str, at: datetime) -> None:
    """Take a partial out of use; the platform's of the same key counts again. What was published with it keeps it.

    Raises `PartialInUse`.
    """
    with transaction.atomic():
        if naming := named_by(row):
            raise PartialInUse(f"partial '{row.key}' is named by {', '.join(naming[:5])}; change that first")
        discard_partial_draft(row, actor=actor, at=at)
        row.archived_at, row.live_id, row.updated_at = at, None, at
        row.save(update_fields=("archived_at", "live_id", "updated_at"))
        write_down(row.tenant_id, actor=actor, action="partial.archived", object=f"partial:{row.key}", at=at)


def _about_example(judged: Judged, source: PartialSource, *, tenant_id: UUID | None, at: datetime) -> Iterator[Finding]:
    """What keeps the partial from being filled in with its own example data."""
    faults = list(data_faults(source.parameters, source.example_data))
    for pointer, message in faults:
        yield Finding(
            "example_data_wrong", f"{pointer or 'example_data'}: {message}", pointer=f"/example_data{pointer}"
        )
    if not faults:
        filled = fill_in_example(judged, source, tenant_id=tenant_id, locale="", at=at)
        yield from about(filled) if isinstance(filled, RenderError) else ()
