"""`/strategies/default`: the strategy of what names none."""

from django.conf import settings
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from orchestrator.api.strategy_shapes import DefaultStrategyBody, DefaultStrategyShown
from orchestrator.selectors import default_now, strategy_keys
from orchestrator.services.strategies import set_default
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE, READ


class StrategyByDefault(TenantView):
    """What counts where nobody says anything."""

    scopes = {"GET": READ, "PUT": MANAGE}

    @operation("Get the default strategy", answers={200: DefaultStrategyShown})
    def get(self, request: Request) -> Response:
        """Of messages that name none and whose type names none."""
        return Response(_default_of(default_now(self.caller.tenant_id)))

    @operation(
        "Set the default strategy",
        body=DefaultStrategyBody,
        answers={200: DefaultStrategyShown},
        example={"strategy": "sequential"},
    )
    def put(self, request: Request) -> Response:
        """Running processes follow within a second. What was accepted before keeps the strategy that it had."""
        asked, tenant_id = decode(request, DefaultStrategyBody), self.caller.tenant_id
        if asked.strategy and asked.strategy not in (known := strategy_keys(tenant_id, wanted={asked.strategy})):
            message = f"no strategy '{asked.strategy[:40]}'; known: {', '.join(sorted(known))}"
            raise invalid([FieldError("/strategy", "unknown_strategy", message)])
        set_default(asked.strategy or "", tenant_id=tenant_id, actor=self.caller.actor, at=now())
        return Response(_default_of(asked.strategy or ""))


def _default_of(chosen: str) -> DefaultStrategyShown:
    return DefaultStrategyShown(strategy=chosen or settings.ORCHESTRATOR.default_strategy, chosen=bool(chosen))
