"""A template that kills render children is held back after the third; workers and other messages do not notice."""

from collections.abc import Iterator
from typing import Any

import pytest

from audience.models import InboxItem
from notifications.models import Delivery
from orchestrator import pipeline
from templates_app import rendering
from templates_app.child.limits import Limits
from templates_app.children import Children
from tenants.models import AuditEntry
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
HIGH = 1
BOMB = "{% if bomb %}{% for i in (1..30000) %}{{ i }}{% endfor %}{% endif %}"
POISON: dict[str, Any] = {
    "parts": {"in_app": {"title": "Hello", "body": BOMB + "fine"}},
    "variables": {
        "type": "object",
        "properties": {"bomb": {"type": "boolean", "default": False}},
    },
}


@pytest.fixture(autouse=True)
def impatient_children(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """They have so little time that a template the language allows can kill them."""
    children = Children(Limits(cpu_seconds=0.02))
    monkeypatch.setattr(rendering, "children", children)
    yield
    children.close()


def notify(api: Api, who: str, **data: Any) -> None:  # noqa: F811
    body = {"type": "poison", "recipients": [{"id": who}], "data": data, "priority": "high"}
    assert api("POST", "/notifications", body).status_code == 202


def work() -> None:
    while pipeline.plan(HIGH) or pipeline.send(HIGH):
        pass


def states() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("id").values_list("state", "reason"))


def test_the_third_death_holds_the_version_back(api: Api) -> None:  # noqa: F811
    assert api("PUT", "/templates/poison", POISON).status_code == 201
    api.publish("poison")
    api("PUT", "/types/poison", {"template": "poison"})

    notify(api, "ana", bomb=True)
    notify(api, "bob")
    work()
    assert sorted(states()) == [("delivered", ""), ("failed", "render_error")]
    assert Delivery.objects.get(state="failed").error["code"] == "template_crashed"
    assert said(api("GET", "/templates/poison"))["quarantined"] is False

    notify(api, "eve", bomb=True)
    notify(api, "kim", bomb=True)
    work()
    notify(api, "zoe")
    work()

    shown = said(api("GET", "/templates/poison"))
    assert shown["quarantined"] is True
    assert shown["live"]["quarantine_reason"] == "it cost 3 render processes their life"
    assert max(states()) == ("pending", "template_quarantined")
    assert InboxItem.objects.count() == 1
    assert AuditEntry.objects.filter(action="template.quarantined", actor="worker").count() == 1
