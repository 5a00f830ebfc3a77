"""Turn templates into answers, a page at a time: a constant number of queries."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from templates_app.api.shapes import FindingShown, TemplateHead, TemplateShown, VersionHead, VersionShown
from templates_app.models import Template, TemplateVersion
from templates_app.values import Finding, TemplateSource

_NOTHING = TemplateSource()


def findings_shown(findings: Iterable[Finding]) -> list[FindingShown]:
    return [
        FindingShown(
            code=one.code,
            severity=one.severity,
            message=one.message,
            pointer=one.pointer,
            part=one.part or None,
            locale=one.locale or None,
            line=one.line,
        )
        for one in findings
    ]


def heads_shown(templates: Sequence[Template], versions: Iterable[TemplateVersion]) -> dict[str, TemplateHead]:
    """Templates by key; `versions` are their drafts and live versions."""
    drafts: dict[Any, TemplateVersion] = {}
    lives: dict[Any, TemplateVersion] = {}
    for version in versions:
        (lives if version.number else drafts)[version.template_id] = version
    return {row.key: TemplateHead(**_head(row, draft=drafts.get(row.id), live=lives.get(row.id))) for row in templates}


def template_shown(
    template: Template,
    *,
    draft: TemplateVersion | None,
    live: TemplateVersion | None,
    warnings: Iterable[Finding] = (),
) -> TemplateShown:
    """A template with its words."""
    shown = draft or live
    return TemplateShown(
        **_head(template, draft=draft, live=live),
        **_source(shown.source if shown else msgspec.to_builtins(_NOTHING)),
        revision=draft.revision if draft else 0,
        live=version_head(live, live=True) if live else None,
        warnings=findings_shown(warnings),
    )


def version_head(version: TemplateVersion, *, live: bool) -> VersionHead:
    return VersionHead(**_version(version, live=live))


def version_shown(template: Template, version: TemplateVersion) -> VersionShown:
    return VersionShown(
        **_version(version, live=version.id == template.live_id),
        **_source(version.source),
        name=template.name,
        layout_source=version.layout,
        offers=version.offers,
    )


def _head(row: Template, *, draft: TemplateVersion | None, live: TemplateVersion | None) -> dict[str, Any]:
    offered = live or draft
    return {
        "key": row.key,
        "name": row.name,
        "origin": "tenant" if row.tenant_id else "platform",
        "live_version": live.number if live else None,
        "has_draft": draft is not None,
        "offers": offered.offers if offered else {},
        "quarantined": bool(live and live.quarantined_at),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def _source(source: Any) -> dict[str, Any]:
    return {name: source[name] for name in TemplateSource.__struct_fields__}


def _version(version: TemplateVersion, *, live: bool) -> dict[str, Any]:
    return {
        "version": version.number,
        "live": live,
        "note": version.note,
        "author": version.author,
        "publisher": version.publisher,
        "published_at": version.published_at,
        "rolled_back_from": version.rolled_back_from,
        "quarantined_at": version.quarantined_at,
        "quarantine_reason": version.quarantine_reason or None,
    }
