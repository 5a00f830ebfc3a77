"""Put words into use: publish a draft, or say again what an old version said. What is published never changes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from kernel import structs
from kernel.ids import uuid7
from templates_app.catalogue import published
from templates_app.models import Template, TemplateVersion
from templates_app.rules.canary import Terms
from templates_app.rules.schema import data_faults
from templates_app.selectors import draft_of, live_of, owned_by, versions_of
from templates_app.services.canaries import CanaryRunning, begin, end
from templates_app.services.drafts import Unfit, fill_in, require
from templates_app.services.examples import fill_in_examples, findings_of
from templates_app.services.judging import Judged, judge
from templates_app.services.trail import note as write_down
from templates_app.values import Finding, TemplateSource


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is in use now, or that some get first."""

    version: TemplateVersion
    warnings: tuple[Finding, ...] = ()
    live: bool = True


@dataclass(frozen=True, slots=True)
class FirstFor:
    """A version is for `percent` of people first."""

    percent: int
    terms: Terms


class NothingToPublish(Exception):
    """There is no draft."""


class FourEyes(Exception):
    """The tenant asks that somebody else publishes what one person wrote."""


class NoSuchVersion(Exception):
    """The template has no version of that number."""


def publish(
    key: str, *, tenant_id: UUID | None, note: str, actor: str, at: datetime, if_revision: int | None = None,
    canary: FirstFor | None = None,
) -> Published | Unfit:  # fmt: skip
    """Put the draft into use, or with `canary` for some first. Layout, translations and settings count as they are now,
    so it is judged anew.

    Raises `NothingToPublish`, `FourEyes`, `Overtaken`, `CanaryRunning`, and with `canary` `NothingBefore`.
    """
    with transaction.atomic():
        template = _locked(key, tenant_id)
        draft = draft_of(template) if template else None
        if template is None or draft is None:
            raise NothingToPublish(f"template '{key}' has no draft; PUT /templates/{key} writes one")
        require(draft.revision, if_revision, what=f"draft of '{key}'")
        if template.canary_id is not None:
            raise CanaryRunning(f"a version of '{key}' is out for some; promote or abort it first")
        judged = judge(tenant_id, structs.convert(draft.source, TemplateSource), key=key)
        if judged.settings.four_eyes and draft.author == actor:
            raise FourEyes(f"'{key}' was last written by you; somebody else publishes it")
        if errors := (*judged.errors, *judged.undone, *_about_examples(judged, at=at)):
            return Unfit(tuple(errors), judged.warnings)
        fill_in(draft, judged)
        if canary is None:
            _put_into_use(template, draft, note=note, actor=actor, at=at)
        else:
            _write_version(template, draft, note=note, actor=actor, at=at)
            begin(template, draft, percent=canary.percent, terms=canary.terms, actor=actor, at=at)
    return Published(draft, judged.warnings, live=canary is None)


def roll_back(key: str, *, tenant_id: UUID | None, number: int, note: str, actor: str, at: datetime) -> Published:
    """Publish what an old version said, word for word, as a new version, to all: a canary ends. A draft stays what it
    is.

    Raises `NoSuchVersion`.
    """
    with transaction.atomic():
        template = _locked(key, tenant_id)
        old = versions_of(template).filter(number=number).first() if template else None
        if template is None or old is None:
            raise NoSuchVersion(f"template '{key}' has no version {number}")
        if template.canary_id is not None:
            end(template, state="aborted", why=f"rolled back to version {number}", actor=actor, at=at)
            template.refresh_from_db()
        again = TemplateVersion(
            id=uuid7(at),
            tenant_id=tenant_id,
            template_id=template.id,
            number=0,
            source=old.source,
            offers=old.offers,
            compiled=old.compiled,
            layout=old.layout,
            partials=old.partials,
            author=old.author,
            revision=0,
            rolled_back_from=old.number,
            created_at=at,
        )
        _put_into_use(template, again, note=note, actor=actor, at=at)
    return Published(again)


def publish_again(key: str, *, tenant_id: UUID, note: str, actor: str, at: datetime) -> Published | Unfit:
    """Publish the words in use once more, as a new version: with partials, layout and translations as they are now. A
    draft stays what it is.

    Raises `NothingToPublish` and `CanaryRunning`.
    """
    with transaction.atomic():
        template = _locked(key, tenant_id)
        live = live_of(template) if template else None
        if template is None or live is None:
            raise NothingToPublish(f"template '{key}' is not in use")
        if template.canary_id is not None:
            raise CanaryRunning(f"a version of '{key}' is out for some; promote or abort it first")
        judged = judge(tenant_id, structs.convert(live.source, TemplateSource), key=key)
        if errors := (*judged.errors, *judged.undone, *_about_examples(judged, at=at)):
            return Unfit(tuple(errors), judged.warnings)
        again = TemplateVersion(
            id=uuid7(at), tenant_id=tenant_id, template_id=template.id, author=live.author, revision=0, created_at=at
        )
        fill_in(again, judged)
        _put_into_use(template, again, note=note, actor=actor, at=at)
    return Published(again, judged.warnings)


def _locked(key: str, tenant_id: UUID | None) -> Template | None:
    return Template.objects.select_for_update().filter(owned_by(tenant_id), key=key, archived_at=None).first()


def _about_examples(judged: Judged, *, at: datetime) -> list[Finding]:
    source = judged.made.source
    found = [
        Finding("example_data_wrong", f"{pointer or 'example_data'}: {message}", pointer=f"/example_data{pointer}")
        for pointer, message in data_faults(source.variables, source.example_data)
    ]
    properties = source.variables.get("properties", {})
    if properties and not source.example_data and any("default" not in one for one in properties.values()):
        message = "the example data is empty; a value for every variable would do"
        found.append(Finding("example_data_missing", message, pointer="/example_data"))
    if found:
        return found
    examples = fill_in_examples(judged.made, data=source.example_data, brand=judged.settings.brand, at=at)
    return list(findings_of(examples))


def _put_into_use(template: Template, version: TemplateVersion, *, note: str, actor: str, at: datetime) -> None:
    _write_version(template, version, note=note, actor=actor, at=at)
    before, template.live_id, template.updated_at = template.live_id, version.id, at
    template.save(update_fields=("live_id", "updated_at"))
    if before is not None:
        published(before, version.id)


def _write_version(template: Template, version: TemplateVersion, *, note: str, actor: str, at: datetime) -> None:
    """From now on it stays as it is."""
    latest = versions_of(template).aggregate(latest=Max("number"))["latest"] or 0
    version.number, version.state = latest + 1, TemplateVersion.State.PUBLISHED
    version.note, version.publisher, version.published_at, version.updated_at = note, actor, at, at
    version.revision += 1
    version.save()
    action = "template.rolled_back" if version.rolled_back_from else "template.published"
    detail = {"version": version.number, "note": note, "from": version.rolled_back_from}
    write_down(
        template.tenant_id,
        actor=actor,
        action=action,
        object=f"template:{template.key}",
        detail={name: value for name, value in detail.items() if value},
        at=at,
    )
