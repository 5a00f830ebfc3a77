"""`/experiments`: drafted, started, stopped; and what came of them."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse

from orchestrator.models import Experiment, Strategy
from tenants.models import AuditEntry
from tests.orchestrator.conftest import Api

TWO = {"arms": [{"key": "a"}, {"key": "b", "strategy": "sequential", "weight": 3}], "types": ["news"]}


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content) if response.content else None
    assert response.status_code == status, body
    return body


def test_an_experiment_is_drafted_changed_started_and_stopped(api: Api) -> None:
    made = said(api("PUT", "/experiments/order", TWO), 201)
    changed = said(api("PUT", "/experiments/order", {**TWO, "holdout_percent": 2.5, "name": "Order"}))
    started = said(api("POST", "/experiments/order/start"))
    again = said(api("POST", "/experiments/order/start"))
    stopped = said(api("POST", "/experiments/order/stop"))

    assert (made["state"], made["name"], made["goal"], made["holdout_percent"]) == ("draft", "order", "clicked", 0)
    assert made["arms"] == [{"key": "a"}, {"key": "b", "weight": 3, "strategy": "sequential"}]
    assert (changed["name"], changed["holdout_percent"], changed["started_at"]) == ("Order", 2.5, None)
    assert (started["state"], again) == ("running", started)
    assert (stopped["state"], stopped["stopped_at"] is None) == ("stopped", False)
    assert [row["key"] for row in said(api("GET", "/experiments"))["results"]] == ["order"]
    trail = AuditEntry.objects.filter(object="experiment:order").order_by("id")
    assert list(trail.values_list("action", flat=True)) == [
        "experiment.drafted", "experiment.drafted", "experiment.started", "experiment.stopped",
    ]  # fmt: skip


REFUSED = [
    pytest.param("x", {"arms": []}, "/arms", id="no arms"),
    pytest.param("x", {"arms": [{"key": "a", "strategy": "loud"}]}, "/arms/0/strategy", id="unknown strategy"),
    pytest.param("x", {"arms": [{"key": "a", "template": "t@9"}]}, "/arms/0/template", id="unknown template"),
    pytest.param("x", {**TWO, "holdout_percent": 91}, "/holdout_percent", id="a holdout of nearly all"),
    pytest.param("x", {**TWO, "goal": "bought"}, "/goal", id="unknown goal"),
    pytest.param("X", TWO, "/key", id="capital letters"),
]


@pytest.mark.parametrize(("key", "body", "pointer"), REFUSED)
def test_an_experiment_that_will_not_do_is_refused(api: Api, key: str, body: Any, pointer: str) -> None:
    assert [error["pointer"] for error in said(api("PUT", f"/experiments/{key}", body), 422)["errors"]] == [pointer]
    assert not Experiment.objects.exists()


def test_what_ran_is_not_changed(api: Api) -> None:
    said(api("PUT", "/experiments/order", TWO), 201)
    assert said(api("POST", "/experiments/order/stop"), 409)["code"] == "experiment_not_running"
    said(api("POST", "/experiments/order/start"))

    assert said(api("PUT", "/experiments/order", TWO), 409)["code"] == "experiment_not_draft"
    assert said(api("DELETE", "/experiments/order"), 409)["code"] == "experiment_running"
    said(api("POST", "/experiments/order/stop"))
    assert said(api("POST", "/experiments/order/start"), 409)["code"] == "experiment_not_draft"
    said(api("DELETE", "/experiments/order"), 204)
    said(api("GET", "/experiments/order"), 404)


@pytest.mark.parametrize(("types", "status"), [(["news"], 409), ([], 409), (["otp"], 200)])
def test_at_most_one_runs_on_any_type(api: Api, types: list[str], status: int) -> None:
    said(api("PUT", "/experiments/first", TWO), 201)
    said(api("PUT", "/experiments/second", {**TWO, "types": types}), 201)
    said(api("POST", "/experiments/first/start"))

    answer = said(api("POST", "/experiments/second/start"), status)

    assert answer.get("code", "") == ("experiment_overlap" if status == 409 else "")


def test_a_strategy_that_a_running_arm_names_stays(api: Api) -> None:
    steps = {"steps": [{"channel": "email"}]}
    said(api("PUT", "/strategies/mine", {"kind": "sequential", "configuration": steps}), 201)
    said(api("PUT", "/experiments/order", {"arms": [{"key": "a"}, {"key": "b", "strategy": "mine"}]}), 201)
    said(api("POST", "/experiments/order/start"))

    assert said(api("DELETE", "/strategies/mine"), 409)["code"] == "strategy_in_use"

    said(api("POST", "/experiments/order/stop"))
    said(api("DELETE", "/strategies/mine"), 204)
    assert not Strategy.objects.exists()


def test_before_anybody_was_exposed_nothing_is_known(api: Api) -> None:
    said(api("PUT", "/experiments/order", {**TWO, "holdout_percent": 5}), 201)

    found = said(api("GET", "/experiments/order"))

    control, other = found["results"]
    assert (control["people"], control["against_control"]) == (0, None)
    assert other["against_control"] == {"difference": 0, "low": -1, "high": 1, "p_value": 1, "decided": False}
    assert control["clicked"] == {"people": 0, "rate": 0, "low": 0, "high": 1}
    assert found["holdout"]["exposures"] == 0


def test_another_tenants_experiment_is_not_there(api: Api, other_tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    theirs = api_of(other_tenant_id, "manage")
    said(theirs("PUT", "/experiments/order", TWO), 201)

    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/start"), ("POST", "/stop")):
        assert said(api(method, f"/experiments/order{path}"), 404)["code"] == "not_found"
    assert said(api("GET", "/experiments"))["results"] == []


def test_reading_experiments_is_not_enough_to_run_them(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    reader = api_of(tenant_id, "read")

    assert said(reader("PUT", "/experiments/order", TWO), 403)["code"] == "forbidden"
    assert said(reader("POST", "/experiments/order/start"), 403)["code"] == "forbidden"
    assert said(reader("GET", "/experiments"))["results"] == []
