"""`/analytics/recommendations`: what could be done better."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta, Struct, field
from rest_framework.request import Request
from rest_framework.response import Response

from analytics.api.asking import asked_of, question
from analytics.rules.recommendations import Evidence, Recommendation, recommendations
from analytics.selectors import counted
from tenants.api.base import TenantView
from tenants.api.schema import operation
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ

MONTH = timedelta(days=30)


class EvidenceShown(Struct, kw_only=True):
    """`count` of `of` messages of the channel; `low` to `high` is the 95 % interval of the rate (Wilson)."""

    what: str
    channel: str
    count: int
    of: int
    rate: float
    low: float
    high: float


class SavingShown(Struct, kw_only=True):
    """What the dearer messages of this time were charged beyond the price of the cheaper ones, in millionths."""

    currency: str
    micros: int


class RecommendationShown(Struct, kw_only=True):
    """One thing to do. `says` is for people; the code is stable."""

    code: str
    channel: str
    type: str | None
    says: str
    evidence: list[EvidenceShown]
    threshold: Annotated[float, Meta(description="The rate that the interval lies beyond, or the difference allowed.")]
    minimum_sample: Annotated[int, Meta(description="Of fewer messages nothing would have been said.")]
    saving: SavingShown | None


class RecommendationsShown(Struct, kw_only=True):
    """What there is to say of the messages between two whole hours; empty where there are too few of them."""

    from_: Moment = field(name="from")
    to: Moment
    tz: str
    results: list[RecommendationShown]


RecommendationsQuestion = question("RecommendationsQuestion", usual="30 days")


class Recommendations(TenantView):
    """A few rules, with their evidence."""

    scopes = {"GET": READ}

    @operation("List recommendations", answers={200: RecommendationsShown}, query=RecommendationsQuestion)
    def get(self, request: Request) -> Response:
        """Only what is beyond doubt at 95 %, and of enough messages; live or test, as the key is."""
        asked, _ = asked_of(request, self.caller, question=RecommendationsQuestion, by=("type", "channel"), usual=MONTH)
        cells = {(group.key[0], group.key[1]): group.figures for group in counted(asked)}
        return Response(
            RecommendationsShown(
                from_=asked.since,
                to=asked.until,
                tz=asked.zone.key,
                results=[_shown(one) for one in recommendations(cells)],
            )
        )


def _shown(one: Recommendation) -> RecommendationShown:
    return RecommendationShown(
        code=one.code,
        channel=one.channel,
        type=one.type,
        says=one.says,
        evidence=[_evidence(found) for found in one.evidence],
        threshold=one.threshold,
        minimum_sample=one.minimum,
        saving=SavingShown(currency=one.saving.currency, micros=one.saving.micros) if one.saving else None,
    )


def _evidence(found: Evidence) -> EvidenceShown:
    return EvidenceShown(
        what=found.what,
        channel=found.channel,
        count=found.count,
        of=found.of,
        rate=round(found.rate, 4),
        low=round(found.low, 4),
        high=round(found.high, 4),
    )
