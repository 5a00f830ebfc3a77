"""Look: partials as they are written, the shelf of those that some texts need, and who uses which.

As with templates, a tenant's own comes before the platform's of the same key.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from django.db.models import QuerySet

from kernel import structs
from templates_app.models import Layout, Partial, PartialVersion, Template, TemplateVersion
from templates_app.rules.partials.calls import keys_in
from templates_app.rules.partials.inlay import MOST_DEEP, MOST_PARTIALS, Shelf, Shelved
from templates_app.selectors import PLATFORM, owned_by
from templates_app.values import PartialSource, PartialUse
from tenants.scope import platform_scope


@dataclass(frozen=True, slots=True)
class Use:
    """A template in use that renders a partial. `outdated`: publishing it again would take newer words."""

    template: str
    version: int
    partial_version: int
    outdated: bool


Heads = tuple[list[Partial], dict[UUID, PartialVersion], dict[UUID, PartialVersion]]


def partials_of(tenant_id: UUID | None) -> QuerySet[Partial]:
    """Every partial of a tenant, or of the platform, that was not archived."""
    return Partial.objects.filter(owned_by(tenant_id), archived_at=None)


def partial_of(tenant_id: UUID | None, key: str) -> Partial | None:
    """The tenant's own partial, or the platform's."""
    return partials_of(tenant_id).filter(key=key).first()


def find_partial(tenant_id: UUID, key: str) -> tuple[Partial, PartialVersion | None, PartialVersion | None] | None:
    """The partial a tenant sees under a key, its own or the platform's, with its draft and the version in use."""
    with platform_scope():
        own = partial_of(tenant_id, key)
        if own is not None:
            return own, draft_of_partial(own), live_of_partial(own)
        given = partial_of(PLATFORM, key)
        live = live_of_partial(given) if given else None
    return (given, None, live) if given and live else None


def heads_of_partials(tenant_id: UUID | None) -> Heads:
    """Partials with their drafts by partial, and their live versions by id, without the words. Of the platform's, those
    in use.
    """
    with platform_scope():
        rows = list(partials_of(tenant_id))
        if tenant_id is None:
            rows = [row for row in rows if row.live_id]
        found = PartialVersion.objects.filter(owned_by(tenant_id), partial_id__in=[row.id for row in rows])
        lives = {row.live_id for row in rows}
        versions = [row for row in found.defer("source") if row.number == 0 or row.id in lives]
    drafts = {row.partial_id: row for row in versions if row.number == 0 and tenant_id is not None}
    return rows, drafts, {row.id: row for row in versions if row.number}


def versions_of_partial(row: Partial) -> QuerySet[PartialVersion]:
    """What was published of a partial."""
    return _of(row).filter(number__gt=0)


def draft_of_partial(row: Partial) -> PartialVersion | None:
    """What is being written."""
    return _of(row).filter(number=0).first()


def live_of_partial(row: Partial) -> PartialVersion | None:
    """What templates get that are published now."""
    return _of(row).filter(id=row.live_id).first() if row.live_id else None


def _of(row: Partial) -> QuerySet[PartialVersion]:
    return PartialVersion.objects.filter(owned_by(row.tenant_id), partial_id=row.id)


def shelf_for(tenant_id: UUID | None, texts: Iterable[Any]) -> Shelf:
    """The partials that `texts` need (any JSON: all texts in it are looked at), and those within them. Two statements
    for each level of partials within each other; none when nothing is rendered.
    """
    known: dict[str, Shelved] = {}
    wanted = _keys(texts)
    for _ in range(MOST_DEEP + 1):
        if len(known) + len(wanted) > MOST_PARTIALS:
            return Shelf(known, full=True)
        found = _live(tenant_id, wanted) if wanted else {}
        known |= found
        wanted = _keys(msgspec.to_builtins(one.source) for one in found.values()) - known.keys()
        if not wanted:
            break
    return Shelf(known)


def _keys(texts: Iterable[Any]) -> set[str]:
    return {key for text in _texts(texts) for key in keys_in(text)}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _texts(value.values())
    elif isinstance(value, Iterable):
        for one in value:
            yield from _texts(one)


def _live(tenant_id: UUID | None, keys: Collection[str]) -> dict[str, Shelved]:
    live = live_ids(tenant_id, keys)
    with platform_scope():
        versions = {row.id: row for row in PartialVersion.objects.filter(id__in=live.values())}
    return {
        key: Shelved(id, versions[id].number, structs.convert(versions[id].source, PartialSource))
        for key, id in live.items()
        if id in versions
    }


def uses_of_partials(tenant_id: UUID) -> dict[str, list[Use]]:
    """The tenant's templates in use by the partials they render. Constant in the number of either."""
    with platform_scope():
        rows = Template.objects.filter(owned_by(tenant_id), archived_at=None).values_list("live_id", "key")
        templates = {id: key for id, key in rows if id is not None}
        versions = TemplateVersion.objects.filter(id__in=templates).exclude(partials={})
        found = list(versions.values_list("id", "number", "partials"))
        live = live_ids(tenant_id, {key for _, _, partials in found for key in partials})
    uses: dict[str, list[Use]] = {}
    for id, number, partials in found:
        for key, said in partials.items():
            use = structs.convert(said, PartialUse)
            uses.setdefault(key, []).append(Use(templates[id], number, use.version, live.get(key) != use.id))
    return {key: sorted(used, key=lambda use: use.template) for key, used in uses.items()}


def live_ids(tenant_id: UUID | None, keys: Collection[str]) -> dict[str, UUID]:
    """The versions that templates published now would get, by key."""
    with platform_scope():
        rows = Partial.objects.filter(owned_by(tenant_id) | owned_by(PLATFORM), key__in=keys, archived_at=None)
        return {row.key: row.live_id for row in sorted(rows, key=_tenants_last) if row.live_id is not None}


def named_by(row: Partial) -> list[str]:
    """What would miss the partial when it is published next: drafts, layouts and other partials of the same owner."""
    owner = owned_by(row.tenant_id)
    drafts = TemplateVersion.objects.filter(owner, state=TemplateVersion.State.DRAFT, partials__has_key=row.key)
    templates = Template.objects.filter(id__in=drafts.values_list("template_id", flat=True)).order_by("key")
    layouts = [one.key for one in Layout.objects.filter(owner).order_by("key") if row.key in _keys([one.source])]
    others = Partial.objects.filter(owner, archived_at=None).exclude(id=row.id).order_by("key")
    sources = PartialVersion.objects.filter(owner, partial_id__in=[one.id for one in others])
    lives = {one.live_id for one in others}
    naming = {one.partial_id for one in sources if not one.number or one.id in lives if row.key in _keys([one.source])}
    return [
        *(f"the draft of template {key}" for key in templates.values_list("key", flat=True)),
        *(f"layout {key}" for key in layouts),
        *(f"partial {one.key}" for one in others if one.id in naming),
    ]


def _tenants_last(row: Partial) -> bool:
    return row.tenant_id is not None
