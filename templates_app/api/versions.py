"""`/templates/{key}/versions`: what was published, and what differs."""

from typing import Any

import django_filters
from rest_framework.request import Request
from rest_framework.response import Response

from templates_app.api.shapes import DiffEntry, DiffLine, DiffShown, VersionHead, VersionShown
from templates_app.api.shown import version_head, version_shown
from templates_app.api.templates import own_template
from templates_app.models import Template, TemplateVersion
from templates_app.rules.diff import Entry, diff
from templates_app.selectors import draft_of, versions_of
from templates_app.shelving import live_ids
from tenants.api.base import TenantView
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import READ


class DiffFilter(django_filters.FilterSet):
    """What to compare with."""

    against = django_filters.CharFilter(
        method="leave", help_text="a number, or draft; the version before it when left out"
    )

    def leave(self, rows: Any, name: str, value: str) -> Any:
        """It narrows nothing: the view reads it."""
        return rows


class Versions(TenantView):
    """Everything published of a template."""

    scopes = {"GET": READ}

    @operation("List versions of a template", answers={200: page_of(VersionHead)})
    def get(self, request: Request, key: str) -> Response:
        """Newest first, without their words."""
        template = own_template(self.caller.tenant_id, key)
        rows = versions_of(template).defer("source", "compiled", "layout")
        return Response(
            paginate(
                request, rows, show=lambda page: [version_head(row, live=row.id == template.live_id) for row in page]
            )
        )


class Version(TenantView):
    """One of them."""

    scopes = {"GET": READ}

    @operation("Get a version of a template", answers={200: VersionShown})
    def get(self, request: Request, key: str, number: int) -> Response:
        """As it was written."""
        template = own_template(self.caller.tenant_id, key)
        version = versions_of(template).filter(number=number).first()
        if version is None:
            raise not_found()
        newest = live_ids(self.caller.tenant_id, version.partials)
        return Response(version_shown(template, version, newest=newest))


class VersionDiff(TenantView):
    """A version beside another one."""

    scopes = {"GET": READ}

    @operation("Compare versions of a template", answers={200: DiffShown}, query=DiffFilter)
    def get(self, request: Request, key: str, number: str) -> Response:
        """What differs from `against` to this version, text by text. `draft` names what is being written."""
        template = own_template(self.caller.tenant_id, key)
        filtered(request, versions_of(template), by=DiffFilter)
        version = _named(template, number) or _not_there(number)
        asked = request.query_params.get("against", "")
        against = _named(template, asked) or _not_there(asked) if asked else _before(template, version)
        entries = diff(against.source if against else {}, version.source)
        return Response(
            DiffShown(
                version=version.number,
                against=against.number if against else 0,
                entries=[_entry(entry) for entry in entries],
            )
        )


def _named(template: Template, name: str) -> TemplateVersion | None:
    if name == "draft":
        return draft_of(template)
    return versions_of(template).filter(number=int(name)).first() if name.isdecimal() and len(name) < 10 else None


def _before(template: Template, version: TemplateVersion) -> TemplateVersion | None:
    rows = versions_of(template).order_by("-number")
    return rows.filter(number__lt=version.number).first() if version.number else rows.first()


def _not_there(name: str) -> TemplateVersion:
    raise invalid([FieldError("/against", "unknown_version", f"no version '{name[:20]}'; a number or draft would do")])


def _entry(entry: Entry) -> DiffEntry:
    lines = [DiffLine(**{name: getattr(line, name) for name in line.__slots__}) for line in entry.lines]
    return DiffEntry(pointer=entry.pointer, change=entry.change, lines=lines)
