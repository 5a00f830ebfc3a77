"""Look at a source with everything around it: its layout, translations and settings; then make it ready."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from kernel import structs
from templates_app.catalogue import categories_of, shapes
from templates_app.rules.lint import lint
from templates_app.rules.making import Made, make
from templates_app.rules.promotion import DUTIES, duties
from templates_app.rules.schema import schema_fault
from templates_app.rules.stop_words import texts_without_stop
from templates_app.selectors import Settings, catalogue_of, layout_source, settings_of
from templates_app.shelving import shelf_for
from templates_app.values import Finding, LayoutSource, TemplateSource


@dataclass(frozen=True, slots=True)
class Judged:
    """A source made ready. `layout` is the source of the layout that was used."""

    made: Made
    layout: Mapping[str, Any] | None
    settings: Settings

    @property
    def errors(self) -> tuple[Finding, ...]:
        """What keeps it from being saved or published."""
        return tuple(one for one in self.made.findings if one.severity == "error")

    @property
    def undone(self) -> tuple[Finding, ...]:
        """What keeps it from being published, beside the errors."""
        return tuple(replace(one, severity="error") for one in self.made.findings if one.code in DUTIES)

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What is shown."""
        return tuple(one for one in self.made.findings if one.severity == "warning")


def judge(tenant_id: UUID | None, source: TemplateSource, *, key: str) -> Judged:
    """`source` made ready for this tenant (`None`: the platform), and everything that is to be said of it.

    What mail that promotes something lacks is a warning here, and keeps the template from being published. Texts get
    what they lack when they are sent.
    """
    settings, layout = settings_of(tenant_id), layout_source(tenant_id, source.layout) if source.layout else None
    made = make(
        source,
        shapes=shapes(),
        layout=structs.convert(layout or {}, LayoutSource),
        catalogue=catalogue_of(tenant_id),
        default_locale=settings.default_locale,
        shelf=shelf_for(tenant_id, [source.parts, source.locales, layout or {}]),
    )
    promotes = bool(set(settings.promotional) & set(categories_of(tenant_id, key)))
    said = (
        *_about_the_whole(source, known_layout=layout is not None),
        *made.findings,
        *lint(made),
        *(_promising(made, settings) if promotes else ()),
    )
    return Judged(replace(made, findings=said), layout, settings)


def _promising(made: Made, settings: Settings) -> Iterator[Finding]:
    yield from duties(made, brand=settings.brand)
    yield from texts_without_stop(made, brand=settings.brand, default_locale=settings.default_locale)


def _about_the_whole(source: TemplateSource, *, known_layout: bool) -> list[Finding]:
    found: list[Finding] = []
    if source.layout and not known_layout:
        message = f"no layout '{source.layout[:80]}'; PUT /layouts/{{key}} makes one"
        found.append(Finding("unknown_layout", message, pointer="/layout"))
    if not source.parts and not any(source.locales.values()):
        found.append(Finding("parts_missing", "no part for any channel; one would do", pointer="/parts"))
    if fault := schema_fault(source.variables):
        found.append(Finding("invalid_schema", fault, pointer="/variables"))
    return found
