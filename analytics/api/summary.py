"""`/analytics/summary`: what became of deliveries, counted by the hour."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import django_filters
from msgspec import Meta, Struct, field
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import Rollup
from analytics.rules.rollups import OUTCOMES
from analytics.selectors import GROUPINGS, Group, grouped, together
from audience.rules.places import is_timezone
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.pages import filtered
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ

HOUR = timedelta(hours=1)
USUAL = timedelta(days=7)
LONGEST = timedelta(days=800)
LONGEST_BY_HOUR = timedelta(days=62)


class GroupShown(Struct, kw_only=True):
    """One group. `latency_seconds` is the mean from when they were to go out until the outcome, where it is known."""

    group: str
    outcomes: dict[str, int]
    attempts: Annotated[int, Meta(description="Provider calls that ended.")]
    latency_seconds: dict[str, float]
    cost_micros: int


class SummaryShown(Struct, kw_only=True):
    """What became of deliveries between two whole hours, `from` included and `to` not."""

    from_: Moment = field(name="from")
    to: Moment
    group_by: str
    tz: str
    totals: GroupShown
    results: list[GroupShown]


class _Passed(django_filters.Filter):
    """Read by the route itself; narrows no rows."""

    def filter(self, qs: object, value: object) -> object:
        return qs


class _Moment(_Passed, django_filters.IsoDateTimeFilter):
    pass


class _Choice(_Passed, django_filters.ChoiceFilter):
    pass


class _Text(_Passed, django_filters.CharFilter):
    pass


# `from` is a word of Python, so the class is not written as one.
SummaryFilter = type(
    "SummaryFilter",
    (django_filters.FilterSet,),
    {
        "__doc__": "Which hours, which deliveries, and how to group them.",
        "__module__": __name__,
        "from": _Moment(help_text="a week before `to` unless given; rounded down to the hour"),
        "to": _Moment(help_text="now unless given; rounded up to the hour"),
        "group_by": _Choice(choices=[(name, name) for name in GROUPINGS], help_text="channel unless given"),
        "tz": _Text(help_text="whose days: an IANA name, UTC unless given"),
        "channel": django_filters.CharFilter(),
        "type": django_filters.CharFilter(),
        "strategy": django_filters.CharFilter(),
        "outcome": django_filters.ChoiceFilter(choices=[(name, name) for name in OUTCOMES]),
    },
)


class Summary(TenantView):
    """Counts by channel, type, strategy, outcome, hour or day."""

    scopes = {"GET": READ}

    @operation("Summarise deliveries", answers={200: SummaryShown}, query=SummaryFilter)
    def get(self, request: Request) -> Response:
        """Counted from the event log, usually within a minute. A delivery counts once for each outcome it came to.

        Hours are those of UTC: in a zone that is half an hour off, days begin half an hour late.
        """
        rows = filtered(request, Rollup.objects.filter(tenant_id=self.caller.tenant_id), by=SummaryFilter)
        form = SummaryFilter(request.query_params, queryset=rows).form
        form.is_valid()
        asked = form.cleaned_data
        by, zone = asked["group_by"] or "channel", asked["tz"] or "UTC"
        since, until = _span(asked["from"], asked["to"], by=by, zone=zone)
        groups = grouped(rows.filter(hour__gte=since, hour__lt=until), by=by, zone=ZoneInfo(zone))
        return Response(
            SummaryShown(
                from_=since,
                to=until,
                group_by=by,
                tz=zone,
                totals=_shown(together(groups)),
                results=[_shown(group) for group in groups],
            )
        )


def _span(since: datetime | None, until: datetime | None, *, by: str, zone: str) -> tuple[datetime, datetime]:
    """Whole hours of UTC. Raises `Problem` 422."""
    until = _ceiling(until or now())
    since = _floor(since) if since else until - USUAL
    longest = LONGEST_BY_HOUR if by == "hour" else LONGEST
    errors = []
    if not is_timezone(zone):
        errors.append(
            FieldError("/tz", "unknown_timezone", f"no time zone {zone[:40]!r}; use a name like Europe/Paris")
        )
    if since >= until:
        errors.append(FieldError("/from", "too_large", "expected a moment before `to`"))
    if until - since > longest:
        errors.append(FieldError("/from", "too_small", f"expected at most {longest.days} days before `to`"))
    if errors:
        raise invalid(errors)
    return since, until


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _ceiling(moment: datetime) -> datetime:
    floor = _floor(moment)
    return floor if floor == moment else floor + HOUR


def _shown(group: Group) -> GroupShown:
    return GroupShown(
        group=group.name,
        outcomes={name: group.figures[name].count for name in OUTCOMES if name in group.figures},
        attempts=sum(found.attempts for found in group.figures.values()),
        latency_seconds={
            name: round(group.figures[name].latency_ms / group.figures[name].timed / 1000, 3)
            for name in OUTCOMES
            if name in group.figures and group.figures[name].timed
        },
        cost_micros=group.cost_micros,
    )
