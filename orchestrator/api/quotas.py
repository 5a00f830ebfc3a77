"""`/quotas`: what the operator allows the caller's tenant, and how much of it is used."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from orchestrator.models import Quota
from orchestrator.rules.quotas import ends_at
from orchestrator.selectors_quotas import with_use
from tenants.api.base import TenantView
from tenants.api.pages import paginate
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import READ


class QuotaShown(Struct, kw_only=True):
    """What may begin in a period. `channel` and `account` null: all messages together.

    `over`: what is too much waits until `resets_at`, or is skipped; its `reason` is `quota_exceeded`. `used` may exceed
    `limit`: critical messages pass.
    """

    channel: str | None
    account: str | None
    period: Literal["day", "month"]
    limit: int
    used: int
    left: int
    over: Literal["wait", "skip"]
    resets_at: Moment


class Quotas(TenantView):
    """The tenant's quotas."""

    scopes = {"GET": READ}

    @operation("List quotas", answers={200: page_of(QuotaShown)})
    def get(self, request: Request) -> Response:
        """With what began so far in the present day or month of UTC. Test messages are not counted."""
        at = now()
        rows = with_use(Quota.objects.filter(tenant_id=self.caller.tenant_id), at=at)

        def shown(quotas: Sequence[Quota]) -> list[QuotaShown]:
            return [
                QuotaShown(
                    channel=quota.channel or None,
                    account=quota.account or None,
                    period="day" if quota.period == Quota.Period.DAY else "month",
                    limit=quota.allowed,
                    used=quota.used,
                    left=max(quota.allowed - quota.used, 0),
                    over="wait" if quota.over == Quota.Over.WAIT else "skip",
                    resets_at=ends_at(quota.period, at=at),
                )
                for quota in quotas
            ]

        return Response(paginate(request, rows, show=shown))
