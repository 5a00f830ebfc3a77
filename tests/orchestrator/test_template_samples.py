"""What was said lately with a template, for whoever writes it."""

from typing import Any
from uuid import UUID

import pytest

from tests.templates_app.asking import Api, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, other_tenant_id, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db

ANA = {"id": "ana", "email": "ana@example.org", "locale": "de-AT"}


@pytest.fixture
def ordered(api: Api) -> None:  # noqa: F811
    api.put_template()
    api.publish()
    api("PUT", "/types/order", {"template": "order"})


def notify(api: Api, data: dict[str, Any], **changes: Any) -> str:  # noqa: F811
    answer = api("POST", "/notifications", {"type": "order", "recipients": [ANA], "data": data, **changes})
    assert answer.status_code == 202, answer.content
    return str(said(answer)["id"])


def samples(api: Api) -> list[dict[str, Any]]:  # noqa: F811
    found: list[dict[str, Any]] = said(api("GET", "/templates/order/samples"))["results"]
    return found


def test_samples_are_masked_newest_first_and_fill_the_template(api: Api, ordered: None) -> None:  # noqa: F811
    notify(api, {"order_id": "A-1", "name": "Eva Silva"})
    again = notify(api, {"order_id": "A-1", "name": "Bob Jonas"}, template="order@1")
    newest = notify(api, {"order_id": "A-2", "name": "x"}, recipients=[ANA | {"data": {"name": "Eve"}}])

    found = samples(api)

    assert [(one["notification"], one["data"]) for one in found] == [
        (newest, {"order_id": "A-2", "name": "•••"}),
        (again, {"order_id": "A-1", "name": "••• •••••"}),
    ]
    assert found[0]["locale"] == "de-AT"
    shown = said(api("POST", "/templates/order/preview", {"channel": "email", "data": found[0]["data"]}))
    assert shown["parts"][0]["content"]["html"].startswith("<p>Thank you, •••!</p>")


def test_test_sends_other_templates_and_other_tenants_are_no_samples(
    api: Api,  # noqa: F811
    ordered: None,
    api_of: Any,  # noqa: F811
    other_tenant_id: UUID,  # noqa: F811
) -> None:
    api("POST", "/templates/order/test-send", {"to": "ana@example.org", "channel": "email"})
    api.put_template("orderly")
    api.publish("orderly")
    notify(api, {"order_id": "1", "name": "x"}, template="orderly")
    other = api_of(other_tenant_id, "admin", "send", "manage")
    other.put_template()
    other.publish()
    notify(other, {"order_id": "9", "name": "x"}, type=None, template="order")

    assert samples(api) == []
    assert len(samples(other)) == 1
    assert api("GET", "/templates/none/samples").status_code == 404
