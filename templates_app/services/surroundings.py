"""Keep what stands around templates: layouts, translations and the settings all of a tenant's templates share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import transaction

from kernel.ids import uuid7
from templates_app.models import Layout, Template, TemplateSettings, TemplateVersion, Translation
from templates_app.rules.compile import compile_layout
from templates_app.rules.partials.contents import lay_layout
from templates_app.rules.translate import faults
from templates_app.selectors import forget, layouts_of, owned_by, translations_of
from templates_app.services.drafts import Unfit, require
from templates_app.services.trail import note
from templates_app.shelving import shelf_for
from templates_app.values import Finding, LayoutSource


class LayoutInUse(Exception):
    """A template that is being written or in use names the layout; the message says which."""


def save_layout(
    key: str, *, tenant_id: UUID | None, name: str, source: LayoutSource, actor: str, at: datetime,
    if_revision: int | None = None,
) -> tuple[Layout, bool] | Unfit:  # fmt: skip
    """Keep a layout; `True` when it is new. Templates take it when they are published next. Raises `Overtaken`."""
    if found := _layout_faults(source, tenant_id=tenant_id):
        return Unfit(found)
    with transaction.atomic():
        fresh: dict[str, Any] = {"id": uuid7(at), "tenant_id": tenant_id, "revision": 0, "source": {}, "created_at": at}
        Layout.objects.filter(owned_by(tenant_id)).get_or_create(key=key, defaults={**fresh, "updated_at": at})
        row = layouts_of(tenant_id).select_for_update().get(key=key)
        require(row.revision, if_revision, what=f"layout '{key}'")
        row.name, row.source, row.revision, row.updated_at = name, msgspec.to_builtins(source), row.revision + 1, at
        row.save()
        detail = {"revision": row.revision}
        note(tenant_id, actor=actor, action="layout.saved", object=f"layout:{key}", detail=detail, at=at)
    return row, row.revision == 1


def _layout_faults(source: LayoutSource, *, tenant_id: UUID | None) -> tuple[Finding, ...]:
    laid = lay_layout(source, shelf_for(tenant_id, [source.mjml, source.html, source.text]))
    return laid.findings or compile_layout(laid.folded) or (() if laid.plain else compile_layout(laid.ready))


def delete_layout(row: Layout, *, actor: str, at: datetime) -> None:
    """Forget a layout. What was published with it keeps it. Raises `LayoutInUse`."""
    drafts = TemplateVersion.objects.filter(owned_by(row.tenant_id), state="draft", source__layout=row.key)
    using = drafts.values_list("template_id", flat=True)
    if names := list(Template.objects.filter(id__in=using).order_by("key").values_list("key", flat=True)[:5]):
        raise LayoutInUse(f"layout '{row.key}' is named by the drafts of {', '.join(names)}; change those first")
    key = row.key
    row.delete()
    note(row.tenant_id, actor=actor, action="layout.deleted", object=f"layout:{key}", at=at)


def save_translation(
    locale: str, *, tenant_id: UUID | None, messages: Mapping[str, Any], actor: str, at: datetime,
    if_revision: int | None = None,
) -> tuple[Translation, bool] | Unfit:  # fmt: skip
    """Keep the translations of a locale, all of them anew; `True` when it is new. Raises `Overtaken`."""
    found = [
        Finding("bad_message", what, pointer=f"/messages/{_escaped(key)}") for key, what in faults(locale, messages)
    ]
    if found:
        return Unfit(tuple(found))
    with transaction.atomic():
        fresh = {"id": uuid7(at), "tenant_id": tenant_id, "revision": 0, "created_at": at, "updated_at": at}
        Translation.objects.filter(owned_by(tenant_id)).get_or_create(locale=locale, defaults=fresh)
        row = translations_of(tenant_id).select_for_update().get(locale=locale)
        require(row.revision, if_revision, what=f"translations into {locale}")
        row.messages, row.revision, row.updated_at = dict(messages), row.revision + 1, at
        row.save()
        detail = {"revision": row.revision, "messages": len(messages)}
        note(tenant_id, actor=actor, action="translation.saved", object=f"translation:{locale}", detail=detail, at=at)
    return row, row.revision == 1


def delete_translation(row: Translation, *, actor: str, at: datetime) -> None:
    """Forget a locale's translations. What was published with them keeps them."""
    locale = row.locale
    row.delete()
    note(row.tenant_id, actor=actor, action="translation.deleted", object=f"translation:{locale}", at=at)


def save_settings(
    *, tenant_id: UUID, brand: Mapping[str, Any], default_locale: str, four_eyes: bool, promotional: Sequence[str],
    actor: str, at: datetime, if_revision: int | None = None,
) -> TemplateSettings:  # fmt: skip
    """Keep what all templates share; running processes follow within two seconds. Raises `Overtaken`."""
    with transaction.atomic():
        TemplateSettings.objects.get_or_create(tenant_id=tenant_id, defaults={"revision": 0, "updated_at": at})
        row = TemplateSettings.objects.select_for_update().get(tenant_id=tenant_id)
        require(row.revision, if_revision, what="settings")
        row.brand, row.default_locale, row.four_eyes = dict(brand), default_locale, four_eyes
        row.promotional = list(promotional)
        row.revision, row.updated_at = row.revision + 1, at
        row.save()
        detail = {
            "default_locale": default_locale,
            "four_eyes": four_eyes,
            "promotional": row.promotional,
            "brand": sorted(brand),
        }
        note(tenant_id, actor=actor, action="template_settings.saved", object="template_settings", detail=detail, at=at)
        transaction.on_commit(forget)
    return row


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
