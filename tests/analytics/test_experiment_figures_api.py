"""`/analytics/experiments/{key}`: the same figures as the experiment's own route."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest

from orchestrator.models import Experiment
from tests.analytics.conftest import Api


@pytest.fixture
def api(tenant_id: UUID, other_tenant_id: UUID, at: datetime, api_of: Callable[..., Api]) -> Api:
    for whose, key in ((tenant_id, "mail-first"), (other_tenant_id, "theirs")):
        Experiment.objects.create(
            tenant_id=whose, key=key, name=key, types=["order"], goal="clicked", state="running",
            arms=[{"key": "as_before", "weight": 1}, {"key": "mail_first", "weight": 1, "strategy": "sequential"}],
            created_at=at, updated_at=at, started_at=at,
        )  # fmt: skip
    return api_of(tenant_id, "read")


def test_they_are_those_of_the_experiment(api: Api) -> None:
    told = api("/analytics/experiments/mail-first")

    assert told == api("/experiments/mail-first")
    assert [arm["key"] for arm in told["results"]] == ["as_before", "mail_first"]


def test_those_of_another_tenant_are_not_there(api: Api) -> None:
    assert api("/analytics/experiments/theirs", status=404)["code"] == "not_found"


def test_a_part_of_its_time_is_refused(api: Api) -> None:
    (error,) = api("/analytics/experiments/mail-first?from=2026-11-20T00:00:00Z", status=422)["errors"]

    assert (error["pointer"], error["code"]) == ("/from", "unknown_field")


def test_a_key_that_only_sends_may_not_look(tenant_id: UUID, api: Api, api_of: Callable[..., Api]) -> None:
    assert api_of(tenant_id, "send")("/analytics/experiments/mail-first", status=403)["code"] == "forbidden"
