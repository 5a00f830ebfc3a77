"""`POST /strategies/backtest`: what a change would have done to recorded traffic, before it is saved."""

from datetime import timedelta
from typing import Annotated, Any

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from orchestrator.api.backtest_shapes import BacktestShown, backtest_shown
from orchestrator.rules.backtest import Change
from orchestrator.rules.situation import StrategyFacts
from orchestrator.rules.strategy import BadConfiguration, strategies
from orchestrator.services.backtesting import backtest
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation
from tenants.rules.scopes import READ

MOST_DECISIONS = 10_000  # that a request looks at; `manage.py backtest` looks at all of them
EXAMPLE = {
    "key": "sequential",
    "kind": "sequential",
    "configuration": {"steps": [{"channel": "email", "after_seconds": 0}, {"channel": "sms", "after_seconds": 3600}]},
    "days": 7,
}


class BacktestBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A change to try. `key` is the strategy it takes the place of; left out, it decides everything there was."""

    kind: Annotated[str, Meta(min_length=1, max_length=100)]
    key: Annotated[str, Meta(max_length=100)] = ""
    configuration: dict[str, Any] | None = None
    days: Annotated[int, Meta(ge=1, le=92)] = 7
    type: Annotated[str, Meta(max_length=100)] = ""


class StrategyBacktest(TenantView):
    """A strategy on trial, on what really happened."""

    scopes = {"POST": READ}

    @operation("Backtest a strategy", body=BacktestBody, answers={200: BacktestShown}, example=EXAMPLE)
    def post(self, request: Request) -> Response:
        """Takes the tenant's latest decisions again as they were and under the change; sends and keeps nothing."""
        asked, at = decode(request, BacktestBody), now()
        change = Change(strategy_asked(asked.key, asked.kind, asked.configuration), everywhere=not asked.key)
        found = backtest(
            change,
            tenant_id=self.caller.tenant_id,
            since=at - timedelta(days=asked.days),
            most=MOST_DECISIONS,
            type=asked.type,
        )
        return Response(backtest_shown(found))


def strategy_asked(key: str, kind: str, configuration: dict[str, Any] | None) -> StrategyFacts:
    """The strategy to try. Raises `Problem` 422 for one that could not be saved."""
    if kind not in strategies:
        known = ", ".join(strategies.keys())
        raise invalid([FieldError("/kind", "unknown_strategy", f"no strategy '{kind[:40]}'; known: {known}")])
    strategy = strategies.get(kind)
    chosen = dict(strategy.defaults if configuration is None else configuration)
    try:
        strategy.check(chosen)
    except BadConfiguration as error:
        faults = [FieldError(f"/configuration{fault.pointer}", fault.code, fault.message) for fault in error.faults]
        raise invalid(faults) from error
    return StrategyFacts(key, kind, 0, chosen)
