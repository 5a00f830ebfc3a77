"""`/template-settings`: what all templates of a tenant share."""

from typing import Annotated, Any

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from audience.rules.places import read_locale
from kernel.clock import now
from templates_app.api.etags import etag, expected_revision
from templates_app.api.keeping import refusals
from templates_app.rules.promotion import PROMOTIONAL
from templates_app.rules.stop_words import OWN_WORDS, own_words_fault
from templates_app.selectors import Settings, settings_of
from templates_app.services.surroundings import save_settings
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.rules.scopes import ADMIN, READ

BRAND_BYTES = 16_384
Category = Annotated[str, Meta(min_length=1, max_length=100)]


class TemplateSettingsBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """`brand` is what templates read as `{{ brand.… }}`: colours, a logo, a postal address. `default_locale` is the
    language of parts without one. With `four_eyes` nobody publishes what they wrote themselves. Mail of `promotional`
    categories always says how to leave (`unsubscribe_url`) and who sent it (`brand.postal_address`). Texts of them say
    how to stop them, in your words if `brand.sms_opt_out` has some: a line, or one for each language.
    """

    brand: dict[str, Any] = {}
    default_locale: Annotated[str, Meta(max_length=40)] = ""
    four_eyes: bool = False
    promotional: Annotated[tuple[Category, ...], Meta(max_length=50)] = PROMOTIONAL


class TemplateSettingsShown(TemplateSettingsBody, kw_only=True):
    """The settings, and their revision; 0 when nothing was ever said."""

    revision: int


class SettingsDetail(TenantView):
    scopes = {"GET": READ, "PUT": ADMIN}

    @operation("Get template settings", answers={200: TemplateSettingsShown})
    def get(self, request: Request) -> Response:
        """As they are now."""
        found = settings_of(self.caller.tenant_id)
        return Response(_shown(found), headers={"ETag": etag(found.revision)})

    @operation(
        "Replace template settings",
        body=TemplateSettingsBody,
        answers={200: TemplateSettingsShown},
        problems=(412,),
        example={"brand": {"name": "Acme", "color": "#0a58ca", "postal_address": "1 Main St"}, "default_locale": "en"},
    )
    def put(self, request: Request) -> Response:
        """A new look is seen by every message within seconds, also by those of versions published before."""
        body = decode(request, TemplateSettingsBody)
        if body.default_locale and read_locale(body.default_locale) != body.default_locale:
            would = read_locale(body.default_locale) or "fr, de-AT or zh-Hant"
            raise invalid([FieldError("/default_locale", "invalid_locale", f"no locale; {would} would do")])
        if fault := own_words_fault(body.brand):
            raise invalid([FieldError(f"/brand/{OWN_WORDS}", "invalid_format", fault)])
        if len(msgspec.json.encode(body.brand)) > BRAND_BYTES:
            raise invalid([FieldError("/brand", "too_long", f"more than {BRAND_BYTES:,} bytes of JSON")])
        with refusals():
            row = save_settings(
                tenant_id=self.caller.tenant_id,
                brand=body.brand,
                default_locale=body.default_locale,
                four_eyes=body.four_eyes,
                promotional=body.promotional,
                actor=self.caller.actor,
                at=now(),
                if_revision=expected_revision(request),
            )
        shown = Settings(row.brand, row.default_locale, row.four_eyes, tuple(row.promotional), row.revision)
        return Response(_shown(shown), headers={"ETag": etag(row.revision)})


def _shown(found: Settings) -> TemplateSettingsShown:
    return TemplateSettingsShown(
        brand=dict(found.brand),
        default_locale=found.default_locale,
        four_eyes=found.four_eyes,
        promotional=found.promotional,
        revision=found.revision,
    )
