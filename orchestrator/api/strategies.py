"""`/strategies`: the built-in ones and how a tenant configured them."""

import re
from typing import Annotated, Any

from msgspec import Meta, Struct
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.registry import channels
from kernel.clock import now
from orchestrator.models import Strategy as StrategyRow
from orchestrator.rules.strategy import BadConfiguration, Options, Strategy, strategies
from orchestrator.services.strategies import Configured, StrategyInUse, delete, save
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate_by_name
from tenants.api.problems import FieldError, conflict, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.api.vocabulary import Moment
from tenants.rules.scopes import MANAGE, READ

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_RESERVED = frozenset({"validate", "backtest"})  # a route of its own
EXAMPLE = {
    "name": "Push, then e-mail",
    "kind": "sequential",
    "configuration": {
        "steps": [{"channel": "push", "after_seconds": 0}, {"channel": "email", "after_seconds": 300}],
        "fallback_after_seconds": 60,
    },
}


class StrategyBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A strategy to keep. `kind` is the key of a built-in one; without `configuration` it runs with its defaults."""

    kind: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(max_length=200)] = ""
    configuration: dict[str, Any] | None = None
    active: bool = True


class StrategyShown(Struct, kw_only=True):
    """A strategy as it runs. `version` 0 is the built-in default; it grows with every change."""

    key: str
    name: str
    kind: str
    configuration: dict[str, Any]
    version: int
    active: bool
    built_in: bool
    created_at: Moment | None
    updated_at: Moment | None


class StepShown(Struct, kw_only=True):
    """Channels used together, so long after the step before began."""

    channels: list[str]
    after_seconds: int


class StrategyVerdict(Struct, kw_only=True):
    """Whether a strategy could be kept; if so, its steps for somebody whom every channel reaches."""

    valid: bool
    errors: list[FieldError]
    steps: list[StepShown]


class Strategies(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List strategies", answers={200: page_of(StrategyShown)})
    def get(self, request: Request) -> Response:
        """The built-in ones and the tenant's own, by key; one of the tenant's takes the place of the built-in one."""
        rows = {row.key: _row_shown(row) for row in StrategyRow.objects.filter(tenant_id=self.caller.tenant_id)}
        shown = {strategy.key: _default_shown(strategy) for strategy in strategies} | rows
        return Response(paginate_by_name(request, shown))


class StrategyDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get a strategy", answers={200: StrategyShown})
    def get(self, request: Request, key: str) -> Response:
        """How it runs now."""
        row = StrategyRow.objects.filter(tenant_id=self.caller.tenant_id, key=key).first()
        if row is not None:
            return Response(_row_shown(row))
        if key in strategies:
            return Response(_default_shown(strategies.get(key)))
        raise not_found()

    @operation(
        "Keep a strategy", body=StrategyBody, answers={200: StrategyShown, 201: StrategyShown},
        problems=(409,), example=EXAMPLE,
    )  # fmt: skip
    def put(self, request: Request, key: str) -> Response:
        """Creates or changes it; the version grows with every change. Running processes follow within two seconds.

        While it is not active, the built-in one of the same key counts; without one the key cannot be asked for.
        """
        asked = decode(request, StrategyBody)
        if not _KEY.fullmatch(key) or key in _RESERVED:
            message = f"'{key[:40]}' is no key; use 1 to 100 of a-z, 0-9, '.', '_' and '-', not at the ends"
            raise invalid([FieldError("/key", "invalid_format", message)])
        if errors := _errors(asked):
            raise invalid(errors)
        configured = Configured(key, asked.name or key, asked.kind, _configuration(asked), active=asked.active)
        try:
            row, new = save(configured, tenant_id=self.caller.tenant_id, actor=self.caller.actor, at=now())
        except StrategyInUse as used:
            raise conflict("strategy_in_use", detail=str(used)) from used
        return Response(_row_shown(row), status=201 if new else 200)

    @operation("Delete a strategy", answers={204: None}, problems=(409,))
    def delete(self, request: Request, key: str) -> Response:
        """The built-in one of the same key counts again. One that types or accepted notifications name stays: 409."""
        try:
            deleted = delete(key, tenant_id=self.caller.tenant_id, actor=self.caller.actor, at=now())
        except StrategyInUse as used:
            raise conflict("strategy_in_use", detail=str(used)) from used
        if not deleted:
            raise not_found()
        return Response(status=204)


class StrategyValidation(TenantView):
    """A strategy on trial."""

    scopes = {"POST": READ}

    @operation("Validate a strategy", body=StrategyBody, answers={200: StrategyVerdict}, example=EXAMPLE)
    def post(self, request: Request) -> Response:
        """Says what `PUT` would say, and what the steps would be; keeps nothing."""
        asked = decode(request, StrategyBody)
        errors = _errors(asked)
        return Response(StrategyVerdict(valid=not errors, errors=errors, steps=[] if errors else _steps(asked)))


def _errors(asked: StrategyBody) -> list[FieldError]:
    if asked.kind not in strategies:
        message = f"no strategy '{asked.kind[:40]}'; known: {', '.join(strategies.keys())}"
        return [FieldError("/kind", "unknown_kind", message)]
    try:
        strategies.get(asked.kind).check(_configuration(asked))
    except BadConfiguration as bad:
        return [FieldError(f"/configuration{fault.pointer}", fault.code, fault.message) for fault in bad.faults]
    return []


def _configuration(asked: StrategyBody) -> dict[str, Any]:
    return dict(strategies.get(asked.kind).defaults) if asked.configuration is None else asked.configuration


def _steps(asked: StrategyBody) -> list[StepShown]:
    everything = Options(channels.keys(), ordered=False, priority=2)
    steps = strategies.get(asked.kind).steps(everything, _configuration(asked))
    return [StepShown(channels=list(step.channels), after_seconds=step.after_seconds) for step in steps]


def _row_shown(row: StrategyRow) -> StrategyShown:
    return StrategyShown(
        key=row.key,
        name=row.name,
        kind=row.kind,
        configuration=row.configuration,
        version=row.version,
        active=row.active,
        built_in=False,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _default_shown(strategy: Strategy) -> StrategyShown:
    return StrategyShown(
        key=strategy.key,
        name=strategy.title,
        kind=strategy.key,
        configuration=dict(strategy.defaults),
        version=0,
        active=True,
        built_in=True,
        created_at=None,
        updated_at=None,
    )
