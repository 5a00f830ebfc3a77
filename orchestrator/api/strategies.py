"""`/strategies`: the built-in ones and how a tenant configured them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.registry import channels
from kernel.clock import now
from notifications.models import NotificationType
from orchestrator.api.strategy_shapes import (
    StepShown,
    StrategyBody,
    StrategyFindingShown,
    StrategySaved,
    StrategyShown,
    StrategyTrial,
    StrategyVerdict,
    TypeFindingsShown,
    built_in_shown,
    fields_of,
    row_shown,
)
from orchestrator.models import Strategy as StrategyRow
from orchestrator.rules.policy_lint import Finding, channels_of
from orchestrator.rules.strategies.sequential import Sequential
from orchestrator.rules.strategy import BadConfiguration, Options, strategies
from orchestrator.services.lint import linted, linted_type
from orchestrator.services.strategies import Configured, StrategyInUse, delete, save
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate_by_name
from tenants.api.problems import FieldError, conflict, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
_RESERVED = frozenset({"validate", "backtest", "default"})  # routes of their own
EXAMPLE = {
    "name": "Push, then e-mail",
    "kind": "sequential",
    "configuration": {
        "steps": [{"channel": "push", "after_seconds": 0}, {"channel": "email", "after_seconds": 300}],
        "fallback_after_seconds": 60,
    },
}


class Strategies(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List strategies", answers={200: page_of(StrategyShown)})
    def get(self, request: Request) -> Response:
        """The built-in ones and the tenant's own, by key; one of the tenant's takes the place of the built-in one."""
        rows = {row.key: row_shown(row) for row in StrategyRow.objects.filter(tenant_id=self.caller.tenant_id)}
        shown = {strategy.key: built_in_shown(strategy) for strategy in strategies} | rows
        return Response(paginate_by_name(request, shown))


class StrategyDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get a strategy", answers={200: StrategyShown})
    def get(self, request: Request, key: str) -> Response:
        """How it runs now."""
        row = StrategyRow.objects.filter(tenant_id=self.caller.tenant_id, key=key).first()
        if row is not None:
            return Response(row_shown(row))
        if key in strategies:
            return Response(built_in_shown(strategies.get(key)))
        raise not_found()

    @operation(
        "Keep a strategy", body=StrategyBody, answers={200: StrategySaved, 201: StrategySaved},
        problems=(409,), example=EXAMPLE,
    )  # fmt: skip
    def put(self, request: Request, key: str) -> Response:
        """Creates or changes it; the version grows with every change. Running processes follow within a second.

        Every version is kept. `findings` tell what looks wrong; they keep nothing from being saved. While it is not
        active, the built-in one of the same key counts; without one the key cannot be asked for.
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
        findings = _findings(configured.configuration, key=key, tenant_id=self.caller.tenant_id)
        return Response(StrategySaved(**fields_of(row), findings=findings), status=201 if new else 200)

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

    @operation("Validate a strategy", body=StrategyTrial, answers={200: StrategyVerdict}, example=EXAMPLE)
    def post(self, request: Request) -> Response:
        """Says what `PUT` would say, and what the steps would be; keeps nothing."""
        asked = decode(request, StrategyTrial)
        if errors := _errors(asked):
            return Response(StrategyVerdict(valid=False, errors=errors, findings=[], steps=[]))
        findings = _findings(_configuration(asked), key=asked.key, tenant_id=self.caller.tenant_id)
        return Response(StrategyVerdict(valid=True, errors=[], findings=findings, steps=_steps(asked)))


class TypeFindings(TenantView):
    """A type under its strategy."""

    scopes = {"GET": READ}

    @operation("Look over a notification type", answers={200: TypeFindingsShown})
    def get(self, request: Request, key: str) -> Response:
        """What looks wrong with it under the strategy that its messages have. Pointers are into that strategy."""
        row = get_object_or_404(NotificationType, tenant_id=self.caller.tenant_id, key=key)
        return Response(TypeFindingsShown(findings=[_finding(found) for found in linted_type(row)]))


def _errors(asked: StrategyBody) -> list[FieldError]:
    if asked.kind not in strategies:
        message = f"no strategy '{asked.kind[:40]}'; known: {', '.join(strategies.keys())}"
        return [FieldError("/kind", "unknown_kind", message)]
    try:
        strategies.get(asked.kind).check(_configuration(asked))
    except BadConfiguration as bad:
        return [FieldError(f"/configuration{fault.pointer}", fault.code, fault.message) for fault in bad.faults]
    return list(_channel_errors(asked))


def _channel_errors(asked: StrategyBody) -> Iterator[FieldError]:
    if not isinstance(strategies.get(asked.kind), Sequential):
        return
    for number, step in enumerate(_configuration(asked)["steps"]):
        for channel in channels_of(step):
            if channel not in channels:
                message = f"no channel '{channel[:40]}'; known: {', '.join(channels.keys())}"
                yield FieldError(f"/configuration/steps/{number}", "unknown_channel", message)


def _configuration(asked: StrategyBody) -> dict[str, Any]:
    return dict(strategies.get(asked.kind).defaults) if asked.configuration is None else asked.configuration


def _steps(asked: StrategyBody) -> list[StepShown]:
    """For somebody whom every channel reaches, in the zone UTC, when all conditions hold."""
    configuration = _configuration(asked)
    if isinstance(strategies.get(asked.kind), Sequential):
        asking = [{name: said for name, said in step.items() if name != "when"} for step in configuration["steps"]]
        configuration = {**configuration, "steps": asking}
    everything = Options(channels.keys(), ordered=False, priority=2, at=now())
    steps = strategies.get(asked.kind).steps(everything, configuration)
    return [StepShown(channels=list(step.channels), after_seconds=step.after_seconds) for step in steps]


def _findings(configuration: Mapping[str, Any], *, key: str, tenant_id: UUID) -> list[StrategyFindingShown]:
    return [_finding(found) for found in linted(configuration, key=key, tenant_id=tenant_id)]


def _finding(found: Finding) -> StrategyFindingShown:
    return StrategyFindingShown(
        pointer=f"/configuration{found.pointer}" if found.pointer else "",
        code=found.code,
        severity=found.severity,
        message=found.message,
    )
