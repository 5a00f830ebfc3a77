"""Look at a partial with everything around it, and fill it in with its own example data."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from templates_app.rendering import render_jobs
from templates_app.rules.partials.judging import CHANNEL, Forms, Judged, judge
from templates_app.rules.schema import defaults
from templates_app.rules.showing import PERSON, context_of
from templates_app.selectors import catalogue_of, settings_of
from templates_app.shelving import shelf_for
from templates_app.values import Compiled, Finding, Job, PartialSource, RenderError


def judge_partial(key: str, source: PartialSource, *, tenant_id: UUID | None, locale: str = "") -> Judged:
    """`source` with everything around it: the partials it renders itself, and translations."""
    default = settings_of(tenant_id).default_locale
    shelf = shelf_for(tenant_id, [source.mjml, source.html, source.text])
    catalogue = catalogue_of(tenant_id)
    return judge(key, source, shelf=shelf, catalogue=catalogue, locale=locale or default, default_locale=default)


def fill_in_example(
    judged: Judged, source: PartialSource, *, tenant_id: UUID | None, locale: str, at: datetime
) -> Forms | RenderError:
    """A partial with its example data."""
    settings = settings_of(tenant_id)
    locale = locale or settings.default_locale
    context = context_of(
        Compiled(messages={locale: dict(judged.messages)}, defaults=defaults(source.parameters)),
        locale=locale,
        data=source.example_data,
        person={**PERSON, "locale": locale},
        brand=settings.brand,
        at=at,
        default_locale=settings.default_locale,
    )
    (filled,) = render_jobs([Job(CHANNEL, judged.ready, context)])
    found: Forms | RenderError = filled
    return found


def about(trouble: RenderError) -> Iterator[Finding]:
    """Why the example cannot be filled in."""
    pointer = trouble.pointer.removeprefix(f"/content/{CHANNEL}")
    yield Finding(trouble.code, f"with the example data: {trouble.message}", pointer=pointer, line=trouble.line)
