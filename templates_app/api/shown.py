"""Turn templates into answers, a page at a time: a constant number of queries."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from templates_app.api.shapes import (
    CanaryHead,
    CanaryShown,
    FindingShown,
    HarmShown,
    PartialUsed,
    TemplateHead,
    TemplateShown,
    VersionHead,
    VersionShown,
)
from templates_app.models import Canary, Template, TemplateVersion
from templates_app.rules.canary import HARMS, Tally, Terms, evidence
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
    published: dict[Any, TemplateVersion] = {}
    for version in versions:
        if version.number:
            published[version.id] = version
        else:
            drafts[version.template_id] = version
    return {
        row.key: TemplateHead(
            **_head(
                row,
                draft=drafts.get(row.id),
                live=published.get(row.live_id),
                canary=published.get(row.canary_id),
            )
        )
        for row in templates
    }


def template_shown(
    template: Template,
    *,
    draft: TemplateVersion | None,
    live: TemplateVersion | None,
    canary: TemplateVersion | None = None,
    warnings: Iterable[Finding] = (),
) -> TemplateShown:
    """A template with its words."""
    shown = draft or live
    return TemplateShown(
        **_head(template, draft=draft, live=live, canary=canary),
        **_source(shown.source if shown else msgspec.to_builtins(_NOTHING)),
        revision=draft.revision if draft else 0,
        live=version_head(live, live=True) if live else None,
        warnings=findings_shown(warnings),
    )


def version_head(version: TemplateVersion, *, live: bool) -> VersionHead:
    return VersionHead(**_version(version, live=live))


def version_shown(template: Template, version: TemplateVersion, *, newest: Mapping[str, UUID]) -> VersionShown:
    """A version with its words; `newest` are the versions of partials that templates published now would get."""
    return VersionShown(
        **_version(version, live=version.id == template.live_id),
        **_source(version.source),
        name=template.name,
        layout_source=version.layout,
        partials=[
            PartialUsed(key=key, version=use["version"], outdated=str(newest.get(key)) != use["id"])
            for key, use in sorted(version.partials.items())
        ],
        offers=version.offers,
    )


def canary_shown(canary: Canary, numbers: Mapping[UUID, int]) -> CanaryShown:
    """A canary; `numbers` has its two versions'."""
    tallies = [Tally(**one) for one in canary.tallies]
    weights = evidence(tallies)
    harms = [
        HarmShown(
            harm=harm,
            canary=sum(one.canary for one in tallies if one.harm == harm),
            control=sum(one.control for one in tallies if one.harm == harm),
            evidence=round(weights.get(harm, 1.0), 2),
        )
        for harm in HARMS
    ]
    terms = Terms(**canary.terms)
    return CanaryShown(
        version=numbers[canary.version_id],
        before=numbers[canary.before_id],
        state=canary.state,  # type: ignore[arg-type]  # the database keeps it one of them
        percent=canary.percent,
        **canary.terms,
        deliveries=canary.deliveries,
        harms=harms,
        threshold=len(HARMS) / terms.alpha,
        started_by=canary.started_by,
        started_at=canary.started_at,
        looked_at=canary.looked_at,
        ended_by=canary.ended_by or None,
        ended_at=canary.ended_at,
        note=canary.note,
    )


def _head(
    row: Template, *, draft: TemplateVersion | None, live: TemplateVersion | None, canary: TemplateVersion | None
) -> dict[str, Any]:
    offered = live or draft
    return {
        "key": row.key,
        "name": row.name,
        "origin": "tenant" if row.tenant_id else "platform",
        "live_version": live.number if live else None,
        "has_draft": draft is not None,
        "canary": CanaryHead(version=canary.number, percent=row.canary_percent) if canary else None,
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
