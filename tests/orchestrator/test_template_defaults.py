"""What the platform wrote is there for everybody, and a tenant's own words come before it, part by part."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Delivery
from orchestrator import pipeline
from templates_app.models import TemplateVersion
from templates_app.services.drafts import Saved, save_draft
from templates_app.services.publishing import Published, publish
from templates_app.values import TemplateSource
from tenants.scope import platform_scope
from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import (  # noqa: F401
    api,
    api_of,
    nothing_kept_in_memory,
    other_tenant_id,
    tenant_id,
)

pytestmark = pytest.mark.django_db(transaction=True)
HIGH = 1
EVERYBODYS = {"in_app": {"title": "Platform", "body": "b"}, "webhook": {"body": {"from": "platform"}}}


@pytest.fixture(autouse=True)
def platforms(at: datetime) -> None:
    with platform_scope():
        source = TemplateSource(parts=EVERYBODYS)
        saved = save_draft("hello", tenant_id=None, name="Hello", source=source, actor="command:seed", at=at)
        assert isinstance(saved, Saved)
        assert isinstance(publish("hello", tenant_id=None, note="", actor="command:seed", at=at), Published)


def hook(name: str) -> dict[str, Any]:
    return {"id": name, "endpoints": [{"channel": "webhook", "address": f"https://hooks.shop.example/{name}"}]}


def planned(api: Api, count: int) -> list[Delivery]:  # noqa: F811
    body = {"template": "hello", "recipients": [hook(f"p{n}") for n in range(count)], "priority": "high"}
    answer = api("POST", "/notifications", body)
    assert answer.status_code == 202, answer.content
    pipeline.plan(HIGH)
    return list(Delivery.objects.order_by("channel"))


def test_a_tenant_without_words_of_its_own_has_the_platforms(api: Api) -> None:  # noqa: F811
    shown = said(api("GET", "/templates/hello"))
    listed = said(api("GET", "/templates"))["results"]

    assert (shown["origin"], shown["live_version"], shown["parts"]) == ("platform", 1, EVERYBODYS)
    assert [(one["key"], one["origin"]) for one in listed] == [("hello", "platform")]
    assert api("POST", "/templates/hello/publish").status_code == 409
    assert api("DELETE", "/templates/hello").status_code == 404
    assert {d.template_version_id for d in planned(api, 1)} == {TemplateVersion.objects.get().id}


def test_what_a_tenant_wrote_comes_first_and_the_rest_is_the_platforms(api: Api) -> None:  # noqa: F811
    api.put_template("hello", parts={"in_app": {"title": "Own", "body": "b"}}, locales={})
    api.publish("hello")

    deliveries = {d.channel: d.template_version_id for d in planned(api, 1)}

    own, platforms_version = (
        TemplateVersion.objects.get(tenant__isnull=False).id,
        TemplateVersion.objects.get(tenant__isnull=True).id,
    )
    assert deliveries == {"in_app": own, "webhook": platforms_version}
    assert said(api("GET", "/templates/hello"))["origin"] == "tenant"


def test_as_many_statements_for_many_people_as_for_one(api: Api) -> None:  # noqa: F811
    counts = []
    for people in (2, 2, 40):
        planned_before = Delivery.objects.count()
        body = {
            "template": "hello",
            "recipients": [{"id": f"q{people}-{n}"} for n in range(people)],
            "priority": "high",
        }
        api("POST", "/notifications", body)
        with CaptureQueriesContext(
            connection,
        ) as plan:
            pipeline.plan(HIGH)
        with CaptureQueriesContext(connection) as send:
            pipeline.send(HIGH)
        assert Delivery.objects.filter(state="delivered", channel="in_app").count() >= planned_before / 2
        counts.append((len(plan), len(send)))

    # Accounts are read anew once a second, in three statements more.
    assert all(many <= few + 3 for few, many in zip(counts[1], counts[2], strict=True)), counts
