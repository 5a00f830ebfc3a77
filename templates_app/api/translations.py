"""`/translations`: short texts that templates name, by locale."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from audience.rules.places import read_locale
from kernel.clock import now
from templates_app.api.etags import etag, expected_revision
from templates_app.api.keeping import fit, kept, refusals
from templates_app.models import Translation
from templates_app.selectors import all_translations, find_translation, translations_of
from templates_app.services.surroundings import delete_translation, save_translation
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate_by_name
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import MANAGE, READ

Key = Annotated[str, Meta(min_length=1, max_length=100)]
EXAMPLE = {"messages": {"greeting": "Hallo {name}", "items": {"one": "{count} Artikel", "other": "{count} Artikel"}}}


class TranslationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The messages of a locale by key: a text, or texts by plural form (CLDR). `{name}` is filled in by
    `{{ 'greeting' | t: name: recipient.attributes.name }}`, the form is chosen by `count`.
    """

    messages: Annotated[dict[Key, str | dict[str, str]], Meta(max_length=5000)]


class TranslationShown(msgspec.Struct, kw_only=True):
    """The messages of a locale. `origin` tells whose they are; a tenant's own come first, key by key."""

    locale: str
    origin: Literal["tenant", "platform"]
    messages: dict[str, str | dict[str, str]]
    revision: int
    created_at: Moment
    updated_at: Moment


class Translations(TenantView):
    """Every locale."""

    scopes = {"GET": READ}

    @operation("List translations", answers={200: page_of(TranslationShown)})
    def get(self, request: Request) -> Response:
        """The tenant's, and the platform's where the tenant has none of its own, by locale."""
        shown = {row.locale: _shown(row) for row in all_translations(self.caller.tenant_id)}
        return Response(paginate_by_name(request, shown))


class TranslationDetail(TenantView):
    """One locale."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get translations", answers={200: TranslationShown})
    def get(self, request: Request, locale: str) -> Response:
        """As they are now."""
        row = find_translation(self.caller.tenant_id, locale)
        if row is None:
            raise not_found()
        return Response(_shown(row), headers={"ETag": etag(row.revision if row.tenant_id else 0)})

    @operation(
        "Keep translations",
        body=TranslationBody,
        answers={200: TranslationShown, 201: TranslationShown},
        problems=(412,),
        located=True,
        example=EXAMPLE,
    )
    def put(self, request: Request, locale: str) -> Response:
        """All messages of the locale anew. Templates take them when they are published next."""
        body = decode(request, TranslationBody)
        if read_locale(locale) != locale:
            would = read_locale(locale) or "fr, de-AT or zh-Hant"
            raise invalid([FieldError("/locale", "invalid_locale", f"no locale '{locale[:40]}'; {would} would do")])
        with refusals():
            row, created = fit(
                save_translation(
                    locale,
                    tenant_id=self.caller.tenant_id,
                    messages=body.messages,
                    actor=self.caller.actor,
                    at=now(),
                    if_revision=expected_revision(request),
                )
            )
        return kept(request, _shown(row), revision=row.revision, created=created)

    @operation("Delete translations", answers={204: None})
    def delete(self, request: Request, locale: str) -> Response:
        """What was published with them keeps them."""
        row = translations_of(self.caller.tenant_id).filter(locale=locale).first()
        if row is None:
            raise not_found()
        delete_translation(row, actor=self.caller.actor, at=now())
        return Response(status=204)


def _shown(row: Translation) -> TranslationShown:
    return TranslationShown(
        locale=row.locale,
        origin="tenant" if row.tenant_id else "platform",
        messages=row.messages,
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
