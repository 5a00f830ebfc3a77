"""Look: templates as they are written, what they offer to whom, and the words of versions, a batch at a time.

Rows of the platform are seen by nobody's tenant scope, so what may fall back on them is read in the platform's, always
narrowed to one tenant and the platform.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from kernel import structs
from kernel.clock import monotonic
from templates_app.models import Layout, Template, TemplateSettings, TemplateVersion, Translation
from templates_app.rules.names import DRAFT, Name, parse_name
from templates_app.rules.offers import Offer, Tier, Trial
from templates_app.rules.promotion import PROMOTIONAL
from templates_app.values import Compiled
from tenants.scope import platform_scope

MOST_KEPT = 500  # versions whose words a process keeps
RELOAD_SECONDS = 2.0  # how long changed settings may take to be seen by a running process
PLATFORM = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What all templates of a tenant share; of a tenant that never said anything, the empty ones."""

    brand: Mapping[str, Any]
    default_locale: str = ""
    four_eyes: bool = False
    promotional: tuple[str, ...] = PROMOTIONAL
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    """A version ready to be filled in. `tenant_id` None: the platform wrote it. `number` 0: a draft."""

    version_id: UUID
    tenant_id: UUID | None
    template_id: UUID
    number: int
    compiled: Compiled
    quarantined: bool


NO_SETTINGS = Settings(brand={})


def owned_by(tenant_id: UUID | None) -> Q:
    """Rows of a tenant, or of the platform."""
    return Q(tenant__isnull=True) if tenant_id is None else Q(tenant_id=tenant_id)


def templates_of(tenant_id: UUID | None) -> QuerySet[Template]:
    """Every template of a tenant, or of the platform, that was not archived."""
    return Template.objects.filter(owned_by(tenant_id), archived_at=None)


def template_of(tenant_id: UUID | None, key: str) -> Template | None:
    """The tenant's own template, or the platform's."""
    return templates_of(tenant_id).filter(key=key).first()


def find_template(tenant_id: UUID, key: str) -> tuple[Template, TemplateVersion | None, TemplateVersion | None] | None:
    """The template a tenant sees under a key, its own or the platform's, with its draft and the version in use."""
    own = template_of(tenant_id, key)
    if own is not None:
        return own, draft_of(own), live_of(own)
    with platform_scope():
        given = template_of(PLATFORM, key)
        live = live_of(given) if given else None
    return (given, None, live) if given and live else None


def heads_of(tenant_id: UUID | None) -> tuple[list[Template], list[TemplateVersion]]:
    """Templates with their drafts and live versions, without the words. Of the platform's, those in use."""
    with platform_scope():
        templates = list(templates_of(tenant_id))
        if tenant_id is None:
            templates = [row for row in templates if row.live_id]
        lives = {id for row in templates for id in (row.live_id, row.canary_id) if id}
        drafts = Q(state=TemplateVersion.State.DRAFT, template_id__in=[row.id for row in templates])
        rows = TemplateVersion.objects.filter(owned_by(tenant_id)).filter(Q(id__in=lives) | drafts)
        versions = list(rows.defer("source", "compiled", "layout"))
    return templates, [row for row in versions if tenant_id is not None or row.number]


def versions_of(template: Template) -> QuerySet[TemplateVersion]:
    """What was published of a template."""
    return _of(template).filter(state=TemplateVersion.State.PUBLISHED)


def draft_of(template: Template) -> TemplateVersion | None:
    """What is being written."""
    return _of(template).filter(state=TemplateVersion.State.DRAFT).first()


def live_of(template: Template) -> TemplateVersion | None:
    """What is in use."""
    if template.live_id is None:
        return None
    return _of(template).filter(id=template.live_id).first()


def canary_of(template: Template) -> TemplateVersion | None:
    """What some get first."""
    if template.canary_id is None:
        return None
    return _of(template).filter(id=template.canary_id).first()


def _of(template: Template) -> QuerySet[TemplateVersion]:
    return TemplateVersion.objects.filter(owned_by(template.tenant_id), template_id=template.id)


def layouts_of(tenant_id: UUID | None) -> QuerySet[Layout]:
    return Layout.objects.filter(owned_by(tenant_id))


def translations_of(tenant_id: UUID | None) -> QuerySet[Translation]:
    return Translation.objects.filter(owned_by(tenant_id))


def all_layouts(tenant_id: UUID) -> list[Layout]:
    """The platform's layouts and then the tenant's."""
    with platform_scope():
        rows = list(Layout.objects.filter(owned_by(tenant_id) | owned_by(PLATFORM)))
    return sorted(rows, key=_tenants_last)


def find_layout(tenant_id: UUID, key: str) -> Layout | None:
    """The layout a tenant sees under a key, its own or the platform's."""
    return next((row for row in reversed(all_layouts(tenant_id)) if row.key == key), None)


def all_translations(tenant_id: UUID) -> list[Translation]:
    """The platform's translations and then the tenant's."""
    with platform_scope():
        rows = list(Translation.objects.filter(owned_by(tenant_id) | owned_by(PLATFORM)))
    return sorted(rows, key=_tenants_last)


def find_translation(tenant_id: UUID, locale: str) -> Translation | None:
    """The translations a tenant sees for a locale, its own or the platform's."""
    return next((row for row in reversed(all_translations(tenant_id)) if row.locale == locale), None)


def _tenants_last(row: Layout | Translation) -> bool:
    return row.tenant_id is not None


def layout_source(tenant_id: UUID | None, key: str) -> Mapping[str, Any] | None:
    """The layout of that key, the tenant's before the platform's."""
    with platform_scope():
        rows = Layout.objects.filter(owned_by(tenant_id) | owned_by(PLATFORM), key=key)
        found = {row.tenant_id: row.source for row in rows}
    return found.get(tenant_id) or found.get(PLATFORM)


def catalogue_of(tenant_id: UUID | None) -> dict[str, dict[str, Any]]:
    """Translations by locale and key: the platform's, and over them the tenant's."""
    with platform_scope():
        rows = list(Translation.objects.filter(owned_by(tenant_id) | owned_by(PLATFORM)))
    found: dict[str, dict[str, Any]] = {}
    for row in sorted(rows, key=lambda row: row.tenant_id is not None):
        found.setdefault(row.locale, {}).update(row.messages)
    return found


def settings_of(tenant_id: UUID | None) -> Settings:
    """A tenant's settings as they are this moment."""
    return settings_now([tenant_id])[tenant_id] if tenant_id is not None else NO_SETTINGS


def settings_now(tenant_ids: Collection[UUID | None]) -> dict[UUID | None, Settings]:
    """The settings of tenants as they are this moment, in one statement."""
    found: dict[UUID | None, Settings] = dict.fromkeys(tenant_ids, NO_SETTINGS)
    for row in TemplateSettings.objects.filter(tenant_id__in=[id for id in tenant_ids if id is not None]):
        found[row.tenant_id] = Settings(
            row.brand, row.default_locale, row.four_eyes, tuple(row.promotional), row.revision
        )
    return found


def settings_lately(tenant_ids: Collection[UUID]) -> dict[UUID, Settings]:
    """The settings of tenants as they were at most `RELOAD_SECONDS` ago: kept in memory."""
    at = monotonic()
    missing = [id for id in tenant_ids if id not in _kept.settings or _kept.settings[id][0] < at]
    if missing:
        fresh = settings_now(missing)
        for id in missing:
            _kept.settings[id] = at + RELOAD_SECONDS, fresh[id]
    return {id: _kept.settings[id][1] for id in tenant_ids}


def offers(wanted: Iterable[tuple[UUID, str]]) -> dict[tuple[UUID, str], Offer]:
    """What templates offer now, by (tenant, name); a name is a key, `key@7` or `key@draft`. What is not there is
    missing. Two statements, whatever is wanted; none when nothing is.
    """
    asked = {(tenant_id, name): parse_name(name) for tenant_id, name in wanted}
    if not asked:
        return {}
    tenant_ids = {tenant_id for tenant_id, _ in asked}
    with platform_scope():
        rows = Template.objects.filter(
            Q(tenant_id__in=tenant_ids) | owned_by(PLATFORM),
            key__in={name.key for name in asked.values()},
            archived_at=None,
        )
        templates = {(row.tenant_id, row.key): row for row in rows}
        versions = _versions(templates, asked)
        settings = settings_now(tenant_ids)
    found: dict[tuple[UUID, str], Offer] = {}
    for (tenant_id, text), name in asked.items():
        tiers = [
            Tier(
                version.id,
                version.offers,
                settings[tenant_id].default_locale,
                None if name.version else _trial(template, versions),
            )
            for owner in (tenant_id, PLATFORM)
            if (template := templates.get((owner, name.key)))
            and (version := versions.get((template.id, name.version if owner == tenant_id else "")))
        ]
        if tiers:
            found[tenant_id, text] = Offer(tuple(tiers))
    return found


def _versions(
    templates: Mapping[tuple[UUID | None, str], Template], asked: Mapping[tuple[UUID, str], Name]
) -> dict[tuple[UUID, str], TemplateVersion]:
    """Versions by template and how they are named: "" the live one, a number, or `draft`. Without their words."""
    which = Q(id__in=[id for row in templates.values() for id in (row.live_id, row.canary_id) if id])
    for (tenant_id, _), name in asked.items():
        template = templates.get((tenant_id, name.key))
        if template is not None and name.version:
            number = 0 if name.version == DRAFT else int(name.version)
            which |= Q(tenant_id=tenant_id, template_id=template.id, number=number)
    live = {row.live_id for row in templates.values()}
    found: dict[tuple[UUID, str], TemplateVersion] = {}
    for version in TemplateVersion.objects.filter(which).defer("source", "compiled", "layout"):
        found[version.template_id, str(version.number) if version.number else DRAFT] = version
        if version.id in live:
            found[version.template_id, ""] = version
    return found


def _trial(template: Template, versions: Mapping[tuple[UUID, str], TemplateVersion]) -> Trial | None:
    if template.canary_id is None:
        return None
    found = next((row for row in versions.values() if row.id == template.canary_id), None)
    return Trial(template.id, found.id, found.offers, template.canary_percent) if found else None


def words_of(version_ids: Collection[UUID]) -> dict[UUID, Words]:
    """The words of versions by id, one statement; another one for those this process has not seen before."""
    if not version_ids:
        return {}
    with platform_scope():
        rows = list(TemplateVersion.objects.filter(id__in=version_ids).defer("source", "compiled", "layout").order_by())
        known = _kept.words({(row.id, row.revision) for row in rows})
        missing = [row.id for row in rows if (row.id, row.revision) not in known]
        if missing:
            fresh = dict(TemplateVersion.objects.filter(id__in=missing).values_list("id", "compiled"))
            known |= _kept.keep({(row.id, row.revision): fresh[row.id] for row in rows if row.id in fresh})
    return {
        row.id: Words(
            row.id,
            row.tenant_id,
            row.template_id,
            row.number,
            known[row.id, row.revision],
            row.quarantined_at is not None,
        )
        for row in rows
        if (row.id, row.revision) in known
    }


def version_names(version_ids: Collection[UUID]) -> dict[UUID, tuple[str, int]]:
    """The key of the template and the number of versions, by id; 0 is a draft."""
    if not version_ids:
        return {}
    with platform_scope():
        rows = TemplateVersion.objects.filter(id__in=version_ids).order_by()
        versions = {id: (template, number) for id, template, number in rows.values_list("id", "template_id", "number")}
        templates = Template.objects.filter(id__in={template_id for template_id, _ in versions.values()}).order_by()
        keys = dict(templates.values_list("id", "key"))
    return {id: (keys[template_id], number) for id, (template_id, number) in versions.items() if template_id in keys}


def numbers_of(version_ids: Collection[UUID]) -> dict[UUID, int]:
    """The numbers of versions, by id."""
    return dict(TemplateVersion.objects.filter(id__in=version_ids).values_list("id", "number"))


def forget() -> None:
    """Drop what is kept in memory; the next look reads the database."""
    _kept.clear()


class _Kept:
    """Words by version and revision: of what was published there is only ever one. The least used go first."""

    def __init__(self) -> None:
        self.settings: dict[UUID, tuple[float, Settings]] = {}
        self._words: OrderedDict[tuple[UUID, int], Compiled] = OrderedDict()
        self._lock = Lock()

    def clear(self) -> None:
        with self._lock:
            self.settings.clear()
            self._words.clear()

    def words(self, keys: Collection[tuple[UUID, int]]) -> dict[tuple[UUID, int], Compiled]:
        with self._lock:
            found = {key: self._words[key] for key in keys if key in self._words}
            for key in found:
                self._words.move_to_end(key)
            return found

    def keep(self, fresh: Mapping[tuple[UUID, int], Any]) -> dict[tuple[UUID, int], Compiled]:
        made = {key: structs.convert(compiled, Compiled) for key, compiled in fresh.items()}
        with self._lock:
            self._words.update(made)
            while len(self._words) > MOST_KEPT:
                self._words.popitem(last=False)
        return made


_kept = _Kept()
