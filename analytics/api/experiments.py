"""`/analytics/experiments/{key}`: what came of an experiment, where people look for figures."""

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from orchestrator.api.experiment_shapes import ExperimentResults, results_shown
from orchestrator.models import Experiment
from orchestrator.services.experiment_results import results_of
from tenants.api.base import TenantView
from tenants.api.pages import Unfiltered, filtered
from tenants.api.schema import operation
from tenants.rules.scopes import READ


class ExperimentFigures(TenantView):
    """The results of one experiment, as its own route tells them."""

    scopes = {"GET": READ}

    @operation("Get the results of an experiment", answers={200: ExperimentResults})
    def get(self, request: Request, key: str) -> Response:
        """Over all of its time: `from` and `to` are refused, because the intervals would not hold for a part of it."""
        rows = filtered(request, Experiment.objects.filter(tenant_id=self.caller.tenant_id), by=Unfiltered)
        row = get_object_or_404(rows, key=key)
        return Response(results_shown(row, results_of(row)))
