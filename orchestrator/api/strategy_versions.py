"""`/strategies/{key}/versions` and `/rollback`: what a strategy was, and how it is so again."""

from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from orchestrator.api.strategy_shapes import (
    StrategyRollbackBody,
    StrategyShown,
    StrategyVersionShown,
    row_shown,
    version_shown,
)
from orchestrator.models import StrategyVersion
from orchestrator.rules.strategy import BadConfiguration
from orchestrator.services.strategies import StrategyInUse, roll_back
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate
from tenants.api.problems import conflict, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ


class StrategyVersions(TenantView):
    """What a strategy was before."""

    scopes = {"GET": READ}

    @operation("List versions of a strategy", answers={200: page_of(StrategyVersionShown)})
    def get(self, request: Request, key: str) -> Response:
        """Newest first; those of a strategy that was deleted stay."""
        rows = StrategyVersion.objects.filter(tenant_id=self.caller.tenant_id, key=key)
        return Response(paginate(request, rows, show=lambda page: [version_shown(row) for row in page]))


class StrategyRollback(TenantView):
    """Back to what was."""

    scopes = {"POST": MANAGE}

    @operation(
        "Roll a strategy back", body=StrategyRollbackBody, answers={200: StrategyShown}, problems=(409,),
        example={"version": 3},
    )  # fmt: skip
    def post(self, request: Request, key: str) -> Response:
        """Lets it be again as it was at that version, as a new version. One that was deleted comes back."""
        asked = decode(request, StrategyRollbackBody)
        tenant_id, actor = self.caller.tenant_id, self.caller.actor
        try:
            row = roll_back(key, version=asked.version, tenant_id=tenant_id, actor=actor, at=now())
        except StrategyInUse as used:
            raise conflict("strategy_in_use", detail=str(used)) from used
        except BadConfiguration as bad:
            raise conflict("version_unusable", detail=f"version {asked.version} will not do any more: {bad}") from bad
        if row is None:
            raise not_found(f"'{key[:100]}' has no version {asked.version}.")
        return Response(row_shown(row))
