"""`/strategies`: the built-in ones and a tenant's own."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import DatabaseError, transaction
from django.http import HttpResponse

from notifications.models import Notification, NotificationType
from orchestrator.models import Strategy, StrategyVersion
from orchestrator.selectors import (
    RELOAD_SECONDS,
    forget_strategies,
    orchestrations_now,
    strategies_of,
    strategy_keys,
)
from orchestrator.services.strategies import BUILT_IN, seed
from tenants.models import AuditEntry
from tests.orchestrator.conftest import Api
from tests.orchestrator.ledger_rows import make_notification

STEPS = [{"channel": "sms", "after_seconds": 0}, {"channel": "email", "after_seconds": 60}]
MINE = {"name": "SMS first", "kind": "sequential", "configuration": {"steps": STEPS}}


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content) if response.content else None
    assert response.status_code == status, body
    return body


def _below(url: str) -> str:
    return url.partition("/api/v1")[2]


def test_the_built_in_ones_are_there_from_the_start(api: Api) -> None:
    results = said(api("GET", "/strategies"))["results"]

    assert {row["key"] for row in results} >= set(BUILT_IN)
    (sequential,) = [row for row in results if row["key"] == "sequential"]
    assert sequential == said(api("GET", "/strategies/sequential"))
    assert (sequential["version"], sequential["built_in"], sequential["active"]) == (0, True, True)
    assert sequential["configuration"]["steps"][0] == {"channel": "push", "after_seconds": 0}
    assert [row["key"] for row in results] == sorted(row["key"] for row in results)


def test_they_come_in_pages(api: Api) -> None:
    everything = [row["key"] for row in said(api("GET", "/strategies"))["results"]]

    one = said(api("GET", "/strategies?limit=1"))
    two = said(api("GET", _below(one["next"])))
    rest = said(api("GET", _below(two["next"]).replace("limit=1", "limit=200")))
    pages = [[row["key"] for row in page["results"]] for page in (one, two, rest)]

    assert [key for page in pages for key in page] == everything
    assert [len(page) for page in pages[:2]] == [1, 1]
    assert (one["previous"], rest["next"]) == (None, None)
    assert said(api("GET", _below(two["previous"]))) == one


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "cursor=zzz", "cursor=bv-_", "kind=smart"])
def test_a_page_of_strategies_that_cannot_be_is_refused(api: Api, query: str) -> None:
    assert said(api("GET", f"/strategies?{query}"), 422)["errors"][0]["pointer"] == f"/{query.split('=')[0]}"


def test_a_tenant_keeps_its_own(api: Api, tenant_id: UUID) -> None:
    made = said(api("PUT", "/strategies/sms-first", MINE), 201)

    assert {**made, "created_at": "", "updated_at": ""} == {
        "key": "sms-first",
        "name": "SMS first",
        "kind": "sequential",
        "configuration": {"steps": STEPS},
        "version": 1,
        "active": True,
        "built_in": False,
        "created_at": "",
        "updated_at": "",
        "findings": [],
    }
    assert said(api("GET", "/strategies/sms-first")) | {"findings": []} == made
    forget_strategies()
    chosen = strategies_of(tenant_id)["sms-first"]
    assert (chosen.strategy.key, chosen.configuration, chosen.version) == ("sequential", {"steps": STEPS}, 1)


def test_the_version_grows_with_every_change_and_only_then(api: Api, tenant_id: UUID) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)

    same = said(api("PUT", "/strategies/sms-first", MINE))
    changed = said(api("PUT", "/strategies/sms-first", {**MINE, "name": "Texts first"}))

    assert (same["version"], changed["version"], changed["name"]) == (1, 2, "Texts first")
    trail = AuditEntry.objects.filter(action="strategy.saved").order_by("detail__version")
    assert [(row.object, row.detail["version"]) for row in trail] == [
        ("strategy:sms-first", 1),
        ("strategy:sms-first", 2),
    ]


def test_without_a_configuration_it_runs_with_the_defaults_of_its_kind(api: Api) -> None:
    made = said(api("PUT", "/strategies/plain", {"kind": "sequential-email-first"}), 201)

    assert made["name"] == "plain"
    assert made["configuration"]["steps"][0] == {"channel": "email", "after_seconds": 0}


def test_one_of_a_built_in_key_takes_its_place_until_it_is_deleted(api: Api, tenant_id: UUID) -> None:
    said(api("PUT", "/strategies/smart", MINE), 201)
    mine = said(api("GET", "/strategies/smart"))
    said(api("DELETE", "/strategies/smart"), 204)
    theirs = said(api("GET", "/strategies/smart"))

    assert (mine["name"], mine["built_in"], theirs["built_in"]) == ("SMS first", False, True)
    assert AuditEntry.objects.filter(action="strategy.deleted", object="strategy:smart").count() == 1


REFUSED = [
    pytest.param("x", {"kind": "clever"}, "/kind", "unknown_kind", id="unknown kind"),
    pytest.param("x", {}, "/kind", "required", id="no kind"),
    pytest.param("x", {**MINE, "configuration": {"steps": []}}, "/configuration/steps", "required", id="no steps"),
    pytest.param(
        "x", {**MINE, "configuration": {"steps": STEPS, "fallback_after_seconds": -1}},
        "/configuration/fallback_after_seconds", "out_of_range", id="a wait of less than nothing",
    ),
    pytest.param(
        "x", {**MINE, "configuration": {"steps": [*STEPS, {"channel": "fax"}]}},
        "/configuration/steps/2", "unknown_channel", id="unknown channel",
    ),
    pytest.param("x", {**MINE, "colour": "red"}, "/colour", "unknown_field", id="unknown field"),
    pytest.param("Loud", MINE, "/key", "invalid_format", id="capital letters"),
    pytest.param("-x", MINE, "/key", "invalid_format", id="a dash in front"),
    pytest.param("x" * 101, MINE, "/key", "invalid_format", id="too long"),
]  # fmt: skip


@pytest.mark.parametrize(("key", "body", "pointer", "code"), REFUSED)
def test_what_will_not_do_is_refused_and_not_kept(api: Api, key: str, body: Any, pointer: str, code: str) -> None:
    (error,) = said(api("PUT", f"/strategies/{key}", body), 422)["errors"]

    assert (error["pointer"], error["code"]) == (pointer, code)
    assert not Strategy.objects.exists()


def test_a_key_that_is_a_route_is_refused(api: Api) -> None:
    assert api("PUT", "/strategies/validate", MINE).status_code == 405
    assert not Strategy.objects.exists()


def test_validating_says_what_put_would_say_and_keeps_nothing(api: Api) -> None:
    good = said(api("POST", "/strategies/validate", MINE))
    bad = said(api("POST", "/strategies/validate", {**MINE, "configuration": {}}))
    default = said(api("POST", "/strategies/validate", {"kind": "immediate"}))

    assert (good["valid"], good["errors"]) == (True, [])
    assert good["steps"][:2] == [
        {"channels": ["sms"], "after_seconds": 0},
        {"channels": ["email"], "after_seconds": 60},
    ]
    assert (bad["valid"], bad["steps"]) == (False, [])
    assert [(error["pointer"], error["code"]) for error in bad["errors"]] == [("/configuration/steps", "required")]
    assert len(default["steps"]) == 1
    assert not Strategy.objects.exists()


def test_one_that_a_type_names_stays(api: Api, tenant_id: UUID) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)
    NotificationType.objects.create(tenant_id=tenant_id, key="otp", strategy="sms-first")

    gone = said(api("DELETE", "/strategies/sms-first"), 409)
    off = said(api("PUT", "/strategies/sms-first", {**MINE, "active": False}), 409)

    assert (gone["code"], off["code"]) == ("strategy_in_use", "strategy_in_use")
    assert "otp" in gone["detail"]
    assert Strategy.objects.get().active is True


def test_one_that_an_unplanned_notification_names_stays(api: Api, tenant_id: UUID, at: datetime) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)
    waiting = make_notification(tenant_id, at=at, status="queued", planned_at=None, due_at=at)
    type(waiting).objects.filter(id=waiting.id).update(strategy="sms-first")

    assert said(api("DELETE", "/strategies/sms-first"), 409)["code"] == "strategy_in_use"

    type(waiting).objects.filter(id=waiting.id).update(due_at=None)
    said(api("DELETE", "/strategies/sms-first"), 204)


def test_switched_off_it_cannot_be_asked_for(api: Api, tenant_id: UUID) -> None:
    said(api("PUT", "/strategies/sms-first", {**MINE, "active": False}), 201)
    forget_strategies()

    assert "sms-first" not in strategies_of(tenant_id)
    assert said(api("GET", "/strategies/sms-first"))["active"] is False


def test_what_is_not_there_is_404(api: Api) -> None:
    assert said(api("GET", "/strategies/nothing"), 404)["code"] == "not_found"
    assert said(api("DELETE", "/strategies/nothing"), 404)["code"] == "not_found"
    assert said(api("DELETE", "/strategies/smart"), 404)["code"] == "not_found"  # the built-in one is not theirs


def test_another_tenants_strategy_is_not_there(api: Api, other_tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    said(api_of(other_tenant_id, "manage")("PUT", "/strategies/sms-first", MINE), 201)

    said(api("GET", "/strategies/sms-first"), 404)
    said(api("PUT", "/strategies/sms-first", {**MINE, "name": "ours"}), 201)

    assert Strategy.objects.filter(key="sms-first").count() == 2


def test_reading_is_not_enough_to_change(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    reader = api_of(tenant_id, "read")

    assert said(reader("PUT", "/strategies/sms-first", MINE), 403)["code"] == "forbidden"
    assert said(reader("DELETE", "/strategies/sms-first"), 403)["code"] == "forbidden"
    assert said(reader("POST", "/strategies/validate", MINE))["valid"] is True


def test_seeding_gives_the_built_in_ones_once_and_overwrites_nothing(tenant_id: UUID, api: Api) -> None:
    said(api("PUT", "/strategies/smart", MINE), 201)

    first, second = seed(tenant_id), seed(tenant_id)

    assert (first, second) == (len(BUILT_IN) - 1, 0)
    rows = {row.key: row for row in Strategy.objects.filter(tenant_id=tenant_id)}
    assert set(rows) == set(BUILT_IN)
    assert rows["smart"].name == "SMS first"
    assert (rows["sequential"].kind, rows["sequential"].version) == ("sequential", 1)
    forget_strategies()
    assert strategies_of(tenant_id)["sequential-email-first"].configuration["steps"][0]["channel"] == "email"


def test_every_version_is_kept_and_can_be_had_again(api: Api, tenant_id: UUID) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)
    said(api("PUT", "/strategies/sms-first", {**MINE, "name": "Texts first", "configuration": {"steps": STEPS[:1]}}))
    said(api("PUT", "/strategies/sms-first", {**MINE, "name": "Texts first", "configuration": {"steps": STEPS[:1]}}))

    back = said(api("POST", "/strategies/sms-first/rollback", {"version": 1}))

    assert (back["version"], back["name"], back["configuration"]) == (3, "SMS first", {"steps": STEPS})
    versions = said(api("GET", "/strategies/sms-first/versions"))["results"]
    assert [(row["version"], row["name"]) for row in versions] == [
        (3, "SMS first"),
        (2, "Texts first"),
        (1, "SMS first"),
    ]
    assert {row["actor"].partition(":")[0] for row in versions} == {"key"}
    assert AuditEntry.objects.get(action="strategy.rolled_back").detail == {"to": 1, "version": 3}


def test_versions_outlive_a_strategy_and_their_numbers_go_on(api: Api) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)
    said(api("DELETE", "/strategies/sms-first"), 204)
    again = said(api("PUT", "/strategies/sms-first", {**MINE, "name": "Again"}), 201)
    said(api("DELETE", "/strategies/sms-first"), 204)

    back = said(api("POST", "/strategies/sms-first/rollback", {"version": 1}))

    assert (again["version"], back["version"], back["name"]) == (2, 3, "SMS first")


def test_a_version_cannot_be_changed_even_by_hand(api: Api) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)

    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        StrategyVersion.objects.update(name="other")


def test_a_version_that_will_not_do_any_more_or_never_was_is_refused(api: Api, tenant_id: UUID, at: datetime) -> None:
    said(api("PUT", "/strategies/sms-first", MINE), 201)
    StrategyVersion.objects.create(
        tenant_id=tenant_id, key="sms-first", version=9, name="", kind="sequential", configuration={}, active=True,
        actor="test", created_at=at,
    )  # fmt: skip

    assert said(api("POST", "/strategies/sms-first/rollback", {"version": 9}), 409)["code"] == "version_unusable"
    assert said(api("POST", "/strategies/sms-first/rollback", {"version": 5}), 404)["code"] == "not_found"
    assert said(api("GET", "/strategies/sms-first"))["version"] == 1


def test_a_tenant_has_a_default_of_its_own(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api = api_of(tenant_id, "manage", "send")
    before = said(api("GET", "/strategies/default"))
    said(api("PUT", "/strategies/sms-first", MINE), 201)
    chosen = said(api("PUT", "/strategies/default", {"strategy": "sms-first"}))
    request = {"recipients": [{"id": "ana"}], "content": {"in_app": {"title": "Hi", "body": "Hi"}}}
    forget_strategies()
    said(api("POST", "/notifications", request), 202)
    said(api("PUT", "/types/otp", {"strategy": "immediate"}), 201)
    said(api("POST", "/notifications", {**request, "type": "otp"}), 202)

    assert before == {"strategy": settings.ORCHESTRATOR.default_strategy, "chosen": False}
    assert chosen == said(api("GET", "/strategies/default")) == {"strategy": "sms-first", "chosen": True}
    assert list(Notification.objects.order_by("id").values_list("strategy", flat=True)) == ["sms-first", "immediate"]
    assert said(api("DELETE", "/strategies/sms-first"), 409)["code"] == "strategy_in_use"
    assert said(api("PUT", "/strategies/default", {"strategy": "loud"}), 422)["errors"][0]["code"] == "unknown_strategy"
    assert said(api("PUT", "/strategies/default", {"strategy": None})) == before
    Notification.objects.update(due_at=None)
    said(api("DELETE", "/strategies/sms-first"), 204)


def test_what_looks_wrong_is_told_and_keeps_nothing_from_being_saved(api: Api) -> None:
    api("PUT", "/types/sale", {"strategy": "sequential", "category": "marketing", "ttl_seconds": 1800})
    twice = {"kind": "sequential", "configuration": {"steps": [*STEPS, {"channel": "sms", "after_seconds": 3600}]}}

    alone = said(api("POST", "/strategies/validate", twice))
    together = said(api("POST", "/strategies/validate", {**twice, "key": "sequential"}))
    saved = said(api("PUT", "/strategies/sequential", twice), 201)

    assert [(f["pointer"], f["code"]) for f in alone["findings"]] == [("/configuration/steps/2", "unreachable_step")]
    assert [(f["pointer"], f["code"]) for f in together["findings"]] == [
        ("/configuration/steps/2", "unreachable_step"),
        ("/configuration/steps/2/after_seconds", "step_after_expiry"),
        ("", "forbidden_hours"),
    ]
    assert saved["findings"] == together["findings"]


def test_a_change_is_seen_by_every_process_within_a_second(api: Api, tenant_id: UUID) -> None:
    assert RELOAD_SECONDS <= 1.0
    assert "sms-first" not in strategies_of(tenant_id)
    said(api("PUT", "/strategies/sms-first", MINE), 201)

    # What decides reads what is configured now, whatever any process remembers; names are looked up anew when missing.
    assert orchestrations_now([tenant_id])[tenant_id].strategies["sms-first"].version == 1
    assert "sms-first" in strategy_keys(tenant_id, wanted={"sms-first"})


def test_a_type_is_looked_over_under_the_strategy_that_it_has(api: Api) -> None:
    said(api("PUT", "/types/sale", {"strategy": "sequential", "category": "marketing", "ttl_seconds": 1800}), 201)
    said(api("PUT", "/types/news", {}), 201)

    sale, news = said(api("GET", "/types/sale/findings")), said(api("GET", "/types/news/findings"))

    assert [(f["pointer"], f["code"]) for f in sale["findings"]] == [
        ("/configuration/steps/2/after_seconds", "step_after_expiry"), ("", "forbidden_hours"),
    ]  # fmt: skip
    assert news["findings"] == []
    assert said(api("GET", "/types/nothing/findings"), 404)["code"] == "not_found"
