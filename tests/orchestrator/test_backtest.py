"""A change is tried on what really happened: who would gain or lose what, and nothing is sent or kept."""

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpResponse

from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.models import Decision
from tests.orchestrator.conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = {"in_app": {"title": "Hi", "body": "There"}, "email": {"subject": "Hi", "text": "There"}}
IN_APP_FIRST = {"steps": [{"channel": "in_app", "after_seconds": 0}, {"channel": "email", "after_seconds": 60}]}


def said(response: HttpResponse, status: int = 200) -> Any:
    body = json.loads(response.content) if response.content else None
    assert response.status_code == status, body
    return body


@pytest.fixture
def api(tenant_id: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(tenant_id, "manage", "send")


@pytest.fixture
def traffic(api: Api) -> Api:
    """Three people got the same by `immediate`; Cy wants nothing in his inbox."""
    for name in ("ana", "bo", "cy"):
        said(api("PUT", f"/recipients/{name}", {"email": f"{name}@example.org"}), 201)
    said(api("PUT", "/recipients/cy/preferences", {"channels": {"in_app": False}}))
    body = {"recipients": ["ana", "bo", "cy"], "content": WORDS, "strategy": "immediate"}
    said(api("POST", "/notifications", body), 202)
    assert pipeline.plan(2) == 1
    return api


def test_what_would_have_been_different_is_told_by_channel_and_by_person(traffic: Api) -> None:
    before = Delivery.objects.count(), Decision.objects.count()

    found = said(
        traffic("POST", "/strategies/backtest", {"kind": "immediate", "key": "immediate", "configuration": {}})
    )

    assert (found["decisions"], found["concerned"], found["changed"], found["complete"]) == (3, 3, 0, True)
    assert found["before"] == found["after"]
    assert found["before"]["first"] == {"in_app": 2}
    assert found["before"]["recipients_reached"] == 2
    assert (Delivery.objects.count(), Decision.objects.count()) == before


def test_a_default_that_switches_a_channel_off_takes_it_from_whoever_has_not_asked_for_it(
    traffic: Api, tmp_path: Path
) -> None:
    said(traffic("PUT", "/recipients/ana/preferences", {"channels": {"in_app": True}}))
    body = {"recipients": ["ana", "bo", "cy"], "content": WORDS, "strategy": "immediate"}
    said(traffic("POST", "/notifications", body), 202)
    assert pipeline.plan(2) == 1
    defaults = tmp_path / "defaults.json"
    defaults.write_text(json.dumps({"channels": {"in_app": False}}))

    found = json.loads(command("--tenant", "acme", "--defaults", str(defaults), "--json"))

    assert (found["decisions"], found["changed"], found["gained"], found["lost"]) == (6, 3, {}, {"in_app": 3})
    assert sorted(example["recipient"] for example in found["examples"]) == ["ana", "bo", "bo"]
    assert all((example["before"], example["after"]) == (["in_app"], []) for example in found["examples"])
    assert found["after"]["skipped"]["preference_off"] == 5


def test_what_is_no_strategy_is_refused_before_anything_is_looked_at(api: Api) -> None:
    assert said(api("POST", "/strategies/backtest", {"kind": "magic"}), 422)["errors"][0]["pointer"] == "/kind"
    found = said(api("POST", "/strategies/backtest", {"kind": "sequential", "configuration": {"steps": []}}), 422)
    assert found["errors"][0]["pointer"].startswith("/configuration")


def test_the_command_prints_a_table_for_people(traffic: Api, tmp_path: Path) -> None:
    configuration = tmp_path / "changed.json"
    configuration.write_text(json.dumps(IN_APP_FIRST))

    shown = command("--tenant", "acme", "--kind", "sequential", "--configuration", str(configuration))

    assert "3 decisions looked at; 3 are about the change" in shown
    assert "gained: none; lost: none" in shown


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--tenant", "nobody", "--kind", "immediate"), "no tenant 'nobody'"),
        (("--tenant", "acme"), "say what is to be tried"),
        (("--tenant", "acme", "--kind", "magic"), "no kind of strategy 'magic'"),
        (("--tenant", "acme", "--kind", "sequential", "--configuration", "/nowhere"), "cannot be read as JSON"),
    ],
)
def test_the_command_says_what_would_do(tenant_id: UUID, words: tuple[str, ...], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        command(*words)


def command(*words: str) -> str:
    out = StringIO()
    call_command("backtest", *words, stdout=out)
    return out.getvalue()
