"""`/experiments`: which way of telling people works better."""

import re

import msgspec
from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from orchestrator.api.experiment_shapes import (
    ExperimentBody,
    ExperimentResults,
    ExperimentShown,
    experiments_shown,
    results_shown,
)
from orchestrator.models import Experiment
from orchestrator.rules.experiments import arm_faults
from orchestrator.selectors import strategy_keys
from orchestrator.services.experiment_results import results_of
from orchestrator.services.experiments import NotNow, Wanted, delete, draft, start, stop
from templates_app.selectors import offers
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import paginate
from tenants.api.problems import FieldError, conflict, invalid, not_found
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ

_KEY = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,98}[a-z0-9])?")
EXAMPLE = {
    "name": "Push first or e-mail first",
    "types": ["order_shipped"],
    "arms": [
        {"key": "as_before"},
        {"key": "mail_first", "strategy": "sequential-email-first"},
    ],
    "holdout_percent": 5,
    "goal": "clicked",
}


class Experiments(TenantView):
    """All of them."""

    scopes = {"GET": READ}

    @operation("List experiments", answers={200: page_of(ExperimentShown)})
    def get(self, request: Request) -> Response:
        """Newest first, without their results."""
        rows = Experiment.objects.filter(tenant_id=self.caller.tenant_id)
        return Response(paginate(request, rows, show=experiments_shown))


class ExperimentDetail(TenantView):
    """One of them."""

    scopes = {"GET": READ, "PUT": MANAGE, "DELETE": MANAGE}

    @operation("Get an experiment", answers={200: ExperimentResults})
    def get(self, request: Request, key: str) -> Response:
        """With its results as they are now, counted from the messages and valid however often they are read."""
        row = get_object_or_404(Experiment, tenant_id=self.caller.tenant_id, key=key)
        return Response(results_shown(row, results_of(row)))

    @operation(
        "Draft an experiment", body=ExperimentBody, answers={200: ExperimentShown, 201: ExperimentShown},
        problems=(409,), example=EXAMPLE,
    )  # fmt: skip
    def put(self, request: Request, key: str) -> Response:
        """Creates it, or changes one that was never started. Nothing happens before it is started."""
        asked = decode(request, ExperimentBody)
        tenant_id = self.caller.tenant_id
        arms = [msgspec.to_builtins(arm) for arm in asked.arms]
        wanted_strategies = {arm.strategy for arm in asked.arms if arm.strategy}
        known = strategy_keys(tenant_id, wanted=wanted_strategies)
        errors = [FieldError(*fault) for fault in arm_faults(arms, strategies=known)]
        named = {(tenant_id, arm.template) for arm in asked.arms if arm.template}
        found = offers(named)
        errors += [
            FieldError(f"/arms/{number}/template", "unknown_template", f"no template '{arm.template}' has words in use")
            for number, arm in enumerate(asked.arms)
            if arm.template and (tenant_id, arm.template) not in found
        ]
        if not _KEY.fullmatch(key):
            message = f"'{key[:40]}' is no key; use 1 to 100 of a-z, 0-9, '.', '_' and '-', not at the ends"
            errors.append(FieldError("/key", "invalid_format", message))
        if errors:
            raise invalid(errors)
        wanted = Wanted(key, asked.name or key, tuple(asked.types), arms, asked.holdout_percent, asked.goal)
        try:
            row, new = draft(wanted, tenant_id=tenant_id, actor=self.caller.actor, at=now())
        except NotNow as no:
            raise conflict(no.code, detail=str(no)) from no
        return Response(experiments_shown([row])[0], status=201 if new else 200)

    @operation("Delete an experiment", answers={204: None}, problems=(409,))
    def delete(self, request: Request, key: str) -> Response:
        """And who was exposed to what. One that is running stays: 409."""
        try:
            deleted = delete(key, tenant_id=self.caller.tenant_id, actor=self.caller.actor, at=now())
        except NotNow as no:
            raise conflict(no.code, detail=str(no)) from no
        if not deleted:
            raise not_found()
        return Response(status=204)


class ExperimentStart(TenantView):
    """Beginning."""

    scopes = {"POST": MANAGE}

    @operation("Start an experiment", answers={200: ExperimentShown}, problems=(409,))
    def post(self, request: Request, key: str) -> Response:
        """From now on its arms decide. At most one runs on any type; starting it again changes nothing."""
        try:
            row = start(key, tenant_id=self.caller.tenant_id, actor=self.caller.actor, at=now())
        except NotNow as no:
            raise conflict(no.code, detail=str(no)) from no
        if row is None:
            raise not_found()
        return Response(experiments_shown([row])[0])


class ExperimentStop(TenantView):
    """Ending."""

    scopes = {"POST": MANAGE}

    @operation("Stop an experiment", answers={200: ExperimentShown}, problems=(409,))
    def post(self, request: Request, key: str) -> Response:
        """From now on everybody gets what is configured, those of the holdout too. It cannot be started again."""
        try:
            row = stop(key, tenant_id=self.caller.tenant_id, actor=self.caller.actor, at=now())
        except NotNow as no:
            raise conflict(no.code, detail=str(no)) from no
        if row is None:
            raise not_found()
        return Response(experiments_shown([row])[0])
