"""Words that can be filled in for nobody are held back, and what is still to be sent waits instead of failing."""

from typing import Any

import pytest

from events.models import Event
from kernel.gauges import gauge_sources
from notifications.models import Delivery
from orchestrator import pipeline
from orchestrator.pipeline import SEND_BATCH
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)

HIGH = 1
POINTS: dict[str, Any] = {
    "parts": {"in_app": {"title": "Points", "body": "{{ points }}"}},
    "variables": {"type": "object", "properties": {"points": {"type": "integer"}}},
    "example_data": {"points": 1},
}


@pytest.fixture(autouse=True)
def points(api: Api) -> None:  # noqa: F811
    assert api("PUT", "/templates/points", POINTS).status_code == 201
    api.publish("points")
    api("PUT", "/types/points", {"template": "points", "priority": "high"})


def notify(api: Api, people: range, data: dict[str, Any]) -> None:  # noqa: F811
    body = {"type": "points", "recipients": [{"id": f"p{n}"} for n in people], "data": data}
    assert api("POST", "/notifications", body).status_code == 202


def work() -> None:
    while pipeline.plan(HIGH) or pipeline.send(HIGH):
        pass


def states() -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for row in Delivery.objects.all():
        found[row.state, row.reason] = found.get((row.state, row.reason), 0) + 1
    return found


def test_what_comes_after_the_spike_waits_and_goes_out_with_better_words(api: Api) -> None:  # noqa: F811
    notify(api, range(SEND_BATCH + 70), {})

    work()

    assert states() == {("failed", "render_error"): SEND_BATCH, ("pending", "template_quarantined"): 70}
    told = Event.objects.get(kind="template.quarantined")
    assert (told.detail["template"], told.actor) == ("points", "worker")
    assert said(api("GET", "/templates/points"))["quarantined"] is True
    assert dict(gauge_sources.get("carillon_template_versions_held").read()) == {(): 1.0}

    better = POINTS | {"parts": {"in_app": {"title": "Points", "body": "{{ points | default: 0 }}"}}}
    assert api("PUT", "/templates/points", better).status_code == 200
    api.publish("points")
    work()

    assert states()["failed", "render_error"] == SEND_BATCH
    assert sum(states().values()) == SEND_BATCH + 70
    assert ("pending", "template_quarantined") not in states()


def test_one_who_gives_bad_data_holds_up_nobody(api: Api) -> None:  # noqa: F811
    notify(api, range(45), {})
    notify(api, range(5), {"points": 3})
    notify(api, range(45), {})

    work()

    assert states()["failed", "render_error"] == 90
    assert not Event.objects.filter(kind="template.quarantined").exists()
