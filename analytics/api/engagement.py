"""`/analytics/engagement`: how readily people engage, by channel, by segment of behaviour, and by hour of the week."""

from typing import Annotated

import django_filters
from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.models import EngagementTally
from analytics.selectors_engagement import ENGAGEMENT_GROUPINGS, EngagementGroup, engagement
from kernel.clock import now
from tenants.api.base import TenantView
from tenants.api.pages import filtered
from tenants.api.schema import operation
from tenants.rules.scopes import READ

FEWEST = 20.0  # of fewer tries no rate is told: it would speak of single people


class EngagementGroupShown(Struct, kw_only=True):
    """One group on one channel. Tries and successes have faded, so they are no whole numbers."""

    group: str
    channel: str
    tries: float
    successes: float
    rate: Annotated[float | None, Meta(description="Successes per try; null where there were fewer than 20 tries.")]


class EngagementAnswer(Struct, kw_only=True):
    """How readily people engage, as it has faded until now."""

    group_by: str
    results: list[EngagementGroupShown]


class _GroupBy(django_filters.ChoiceFilter):
    """Read by the route itself; narrows no rows."""

    def filter(self, qs: object, value: object) -> object:
        return qs


class EngagementFilter(django_filters.FilterSet):
    """Grouped how, and of which channel."""

    group_by = _GroupBy(
        choices=[(name, name) for name in ENGAGEMENT_GROUPINGS],
        help_text="channel unless given; hour is that of the recipients' own week, Monday 00 first",
    )
    channel = django_filters.CharFilter()

    class Meta:
        model = EngagementTally
        fields: tuple[str, ...] = ()


class Engagement(TenantView):
    """What `smart` learns from, without anybody's name."""

    scopes = {"GET": READ}

    @operation("Summarise engagement", answers={200: EngagementAnswer}, query=EngagementFilter)
    def get(self, request: Request) -> Response:
        """A try is a message a provider took; a success was opened, clicked or read within seven days, by a person.

        Older ones count less. What was sent in test mode, or opened by a machine, does not count.
        """
        mine = EngagementTally.objects.filter(tenant_id=self.caller.tenant_id)
        rows = filtered(request, mine, by=EngagementFilter)
        by = request.query_params.get("group_by") or "channel"
        found = engagement(rows, by=by, at=now())
        return Response(EngagementAnswer(group_by=by, results=[_shown(group) for group in found]))


def _shown(group: EngagementGroup) -> EngagementGroupShown:
    return EngagementGroupShown(
        group=group.name,
        channel=group.channel,
        tries=round(group.tries, 1),
        successes=round(group.successes, 1),
        rate=round(group.successes / group.tries, 4) if group.tries >= FEWEST else None,
    )
