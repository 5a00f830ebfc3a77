"""Show a partial before templates get it: each of its texts, rendered with its example data or other data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from kernel import structs
from templates_app.rules.partials.judging import Forms
from templates_app.services.partial_examples import about, fill_in_example, judge_partial
from templates_app.services.previews import NotThere
from templates_app.shelving import find_partial, versions_of_partial
from templates_app.values import Finding, PartialSource, RenderError


@dataclass(frozen=True, slots=True)
class PartialPreview:
    """What a partial says; nothing where it cannot be filled in, which `findings` tell. MJML is shown as HTML."""

    version: int | None
    content: Forms | None
    findings: tuple[Finding, ...]


def preview_partial(
    key: str, *, tenant_id: UUID, source: PartialSource | None, version: int | str | None,
    data: Mapping[str, Any] | None, locale: str, at: datetime,
) -> PartialPreview:  # fmt: skip
    """Fill in a partial. `source` comes before `version`: a number, "draft", "live", or `None` for the draft if there
    is one. Raises `NotThere`.
    """
    number = None
    if source is None:
        number, source = _stored(tenant_id, key, version)
    if data is not None:
        source = msgspec.structs.replace(source, example_data=dict(data))
    judged = judge_partial(key, source, tenant_id=tenant_id, locale=locale)
    if judged.errors:
        return PartialPreview(number, None, judged.findings)
    filled = fill_in_example(judged, source, tenant_id=tenant_id, locale=locale, at=at)
    if isinstance(filled, RenderError):
        return PartialPreview(number, None, (*judged.findings, *about(filled)))
    return PartialPreview(number, filled, judged.findings)


def _stored(tenant_id: UUID, key: str, version: int | str | None) -> tuple[int, PartialSource]:
    found = find_partial(tenant_id, key)
    if found is None:
        raise NotThere("", f"no partial '{key}'")
    row, draft, live = found
    if isinstance(version, int):
        shown = versions_of_partial(row).filter(number=version).first() if row.tenant_id else None
    else:
        shown = {"draft": draft, "live": live}[version] if version else draft or live
    if shown is None:
        raise NotThere("/version", f"partial '{key}' has no version '{version}'")
    return shown.number, structs.convert(shown.source, PartialSource)
