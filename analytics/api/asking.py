"""How figures are asked for: `?from&to&group_by&tz`, and what narrows them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import django_filters
from rest_framework.request import Request

from analytics.models import OutcomeCount
from analytics.rules.stretches import ceiling, floor
from analytics.selectors import DIMENSIONS, Asked, Dimension, Time
from audience.rules.places import is_timezone
from kernel.clock import now
from tenants.api.pages import filtered
from tenants.api.problems import FieldError, invalid
from tenants.values import Caller

WEEK = timedelta(days=7)
LONGEST = timedelta(days=800)
LONGEST_BY_HOUR = timedelta(days=62)
EARLIEST, LATEST = datetime(1971, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
TIMES: tuple[Time, ...] = ("hour", "day")


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


def question(
    name: str,
    *,
    group_by: Iterable[str] = (),
    unless_given: str = "",
    usual: str = "a week",
    more: Mapping[str, Iterable[str]] = MappingProxyType({}),
) -> Any:
    """The parameters of a route, as a filter set.

    `unless_given` says what is done without `group_by`, which is no parameter where it has no choices; `more` are
    parameters that narrow to one of their choices.
    """
    fields: dict[str, Any] = {
        "__doc__": "Which time, which messages, and how to group them.",
        "__module__": __name__,
        "from": _Moment(help_text=f"{usual} before `to` unless given; rounded down to the hour of `tz`"),
        "to": _Moment(help_text="now unless given; rounded up to the hour of `tz`"),
        "tz": _Text(help_text="whose hours and days: an IANA name, UTC unless given"),
        **{one: _Text() for one in DIMENSIONS},
    }
    if choices := [(one, one) for one in group_by]:
        fields["group_by"] = _Choice(choices=choices, help_text=unless_given)
    fields |= {other: _Choice(choices=[(one, one) for one in choices]) for other, choices in more.items()}
    return type(name, (django_filters.FilterSet,), fields)  # `from` is a word of Python: no class can be written so


def asked_of(
    request: Request,
    caller: Caller,
    *,
    question: Any,
    by: tuple[Dimension, ...] = (),
    group_by: str = "",
    usual: timedelta = WEEK,
) -> tuple[Asked, str]:
    """What is asked, and by what it is grouped: `by` in any case, and `group_by` unless the query says otherwise.

    `usual` is how much is looked at where `from` is not given.
    Raises `Problem` 422 for what will not do.
    """
    nothing = OutcomeCount.objects.none()
    filtered(request, nothing, by=question)  # says what will not do
    read = question(request.query_params, queryset=nothing).form
    read.is_valid()
    form = read.cleaned_data
    grouped = form.get("group_by") or group_by
    time: Time = grouped if grouped in TIMES else ""
    zone, since, until = _span(form["from"], form["to"], time=time, zone=form["tz"] or "UTC", usual=usual)
    more: tuple[Dimension, ...] = tuple(one for one in DIMENSIONS if one == grouped and one not in by)
    only = {one: form[one] for one in (*DIMENSIONS, "outcome") if form.get(one)}
    return Asked(caller.tenant_id, caller.mode, since, until, zone, (*by, *more), time, only), grouped


def _span(
    since: datetime | None, until: datetime | None, *, time: Time, zone: str, usual: timedelta
) -> tuple[ZoneInfo, datetime, datetime]:
    """Whole hours of the zone. Raises `Problem` 422."""
    if not is_timezone(zone):
        message = f"no time zone {zone[:40]!r}; use a name like Europe/Paris"
        raise invalid([FieldError("/tz", "unknown_timezone", message)])
    far = [
        FieldError(f"/{name}", "out_of_range", f"expected a moment from {EARLIEST.year} to {LATEST.year - 1}")
        for name, moment in (("from", since), ("to", until))
        if moment is not None and not EARLIEST <= moment < LATEST
    ]
    if far:
        raise invalid(far)
    clock = ZoneInfo(zone)
    until = ceiling(until or now(), zone=clock)
    since = floor(since, zone=clock) if since else until - usual
    longest = LONGEST_BY_HOUR if time == "hour" else LONGEST
    if since >= until:
        raise invalid([FieldError("/from", "too_large", "expected a moment before `to`")])
    if until - since > longest:
        raise invalid([FieldError("/from", "too_small", f"expected at most {longest.days} days before `to`")])
    return clock, since, until
