"""`/analytics/costs`: what messages were charged."""

from msgspec import Struct, field
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api.asking import TIMES, asked_of, question
from analytics.api.shapes import CostOfGroup, costs_shown
from analytics.selectors import DIMENSIONS, counted, together
from tenants.api.base import TenantView
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ


class CostRow(Struct, kw_only=True):
    """One group, with one entry for each currency; none where nothing was charged."""

    group: str
    sent: int
    costs: list[CostOfGroup]


class CostsShown(Struct, kw_only=True):
    """What was charged between two whole hours, `from` included and `to` not. Currencies are never added together."""

    from_: Moment = field(name="from")
    to: Moment
    group_by: str
    tz: str
    totals: list[CostOfGroup]
    results: list[CostRow]


CostsQuestion = question("CostsQuestion", group_by=(*DIMENSIONS, *TIMES), unless_given="channel unless given")


class Costs(TenantView):
    """Money by channel, type, strategy, hour or day."""

    scopes = {"GET": READ}

    @operation("Add up costs", answers={200: CostsShown}, query=CostsQuestion)
    def get(self, request: Request) -> Response:
        """By the prices of the provider accounts, counted when a provider took the message."""
        asked, by = asked_of(request, self.caller, question=CostsQuestion, group_by="channel")
        groups = counted(asked)
        return Response(
            CostsShown(
                from_=asked.since,
                to=asked.until,
                group_by=by,
                tz=asked.zone.key,
                totals=costs_shown(together(groups)),
                results=[
                    CostRow(group=group.key[0], sent=group.figures.number("sent"), costs=costs_shown(group.figures))
                    for group in groups
                ],
            )
        )
