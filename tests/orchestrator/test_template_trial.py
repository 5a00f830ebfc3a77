"""A template is sent to oneself, through a real mail server."""

from collections.abc import Iterator

import pytest
import redis
from pytest_django import Settings

from notifications.models import Delivery, Notification
from orchestrator import pipeline
from tests.channels_app.smtp_server import ScriptedServer
from tests.templates_app.asking import Api, errors, said
from tests.templates_app.conftest import api, api_of, nothing_kept_in_memory, tenant_id  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
HIGH = 1


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[ScriptedServer]:
    redis.Redis.from_url(settings.REDIS_URL).flushdb()
    server = ScriptedServer()
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    yield server
    server.stop()


def test_a_draft_arrives_in_the_mailbox_in_the_language_asked_for(api: Api, mail_server: ScriptedServer) -> None:  # noqa: F811
    german = {"de": {"email": {"subject": "Bestellung {{ order_id }}", "html": "<p>Danke, {{ name }}!</p>"}}}
    api.put_template(locales=german)

    body = {"to": "me@shop.example", "channel": "email", "locale": "de"}
    accepted = api("POST", "/templates/order/test-send", body)
    pipeline.plan(HIGH)
    pipeline.send(HIGH)

    assert accepted.status_code == 202
    assert accepted["Location"] == f"/api/v1/notifications/{said(accepted)['id']}"
    (mail,) = mail_server.received
    assert "Bestellung 123" in str(mail)
    notification, delivery = Notification.objects.get(), Delivery.objects.get()
    assert (notification.tags, notification.template) == (["test-send"], "order@draft")
    assert (delivery.state, delivery.locale) == ("sent", "de")


def test_what_is_wrong_is_told_in_the_words_of_the_route(api: Api) -> None:  # noqa: F811
    api.put_template()

    assert errors(api("POST", "/templates/order/test-send", {"to": "nobody", "channel": "email"})) == [
        ("/to", "invalid_email")
    ]
    assert errors(api("POST", "/templates/order/test-send", {"to": "x", "channel": "fax"})) == [
        ("/channel", "unknown_channel")
    ]
    assert errors(api("POST", "/templates/order/test-send", {"to": "x", "channel": "push"})) == [
        ("/channel", "content_missing")
    ]
    gone = api("POST", "/templates/none/test-send", {"to": "a@shop.example", "channel": "email"})
    assert gone.status_code == 404
