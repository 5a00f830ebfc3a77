"""Many at once and the broker out: real connections, real threads, the application as a server runs it."""

import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.test import RequestFactory
from ledger_api import Api, a_body

from events import bells
from events.models import Event
from notifications.models import Notification
from tenants.models import IdempotencyRecord
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, POSTS_EACH = 20, 50
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture
def key() -> str:
    """A key of a tenant that knows Ana."""
    tenant = create_tenant("acme", name="Acme", actor="test", at=make.AT)
    make.recipients(tenant, "ana")
    with tenant_scope(tenant.id):
        return issue_key(tenant.id, mode="live", scopes=["send"], actor="test", at=make.AT).text


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bells are not rung."""
    monkeypatch.setattr(bells, "ring", lambda _lanes: None)


def post(application: Any, key: str, body: bytes) -> tuple[int, bytes]:
    """One POST /notifications as a WSGI server makes it: (status, body)."""
    request = RequestFactory(headers={"Authorization": f"Bearer {key}"}).generic(
        "POST", "/api/v1/notifications", body, content_type="application/json"
    )
    statuses: list[str] = []
    response = application(request.environ, lambda status, _headers: statuses.append(status))
    content = b"".join(response)
    response.close()
    return int(statuses[0][:3]), content


@pytest.mark.usefixtures("silence")
def test_a_thousand_identical_posts_are_one_notification(key: str) -> None:
    application = get_wsgi_application()
    body = json.dumps(a_body(idempotency_key="order:1")).encode()

    def many(_: int) -> list[tuple[int, bytes]]:
        try:
            return [post(application, key, body) for _ in range(POSTS_EACH)]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        answers = [answer for answers in pool.map(many, range(THREADS)) for answer in answers]

    statuses = Counter(status for status, _ in answers)
    assert sum(statuses.values()) == 1000
    assert {202} <= set(statuses) <= {202, 409}
    assert len({content for status, content in answers if status == 202}) == 1
    in_flight = {json.loads(content)["code"] for status, content in answers if status == 409}
    assert in_flight <= {"idempotency_in_flight"}
    assert Notification.objects.count() == 1
    assert Event.objects.filter(kind="notification.accepted").count() == 1
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.usefixtures("silence")
def test_many_different_posts_beside_each_other_all_arrive(key: str) -> None:
    application = get_wsgi_application()

    def several(thread: int) -> list[int]:
        try:
            return [
                post(application, key, json.dumps(a_body(recipients=[{"id": "ana"}, {"id": f"u{i}"}])).encode())[0]
                for i in range(10)
            ]
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        statuses = [status for statuses in pool.map(several, range(8)) for status in statuses]

    assert statuses == [202] * 80
    assert Notification.objects.count() == 80


@pytest.mark.usefixtures("silence")
def test_batches_with_common_keys_race_to_one_notification_each(key: str) -> None:
    """More keys than locks: the second to finish finds the first one's answers when it is run again."""
    items = [a_body(idempotency_key=f"k{i}") for i in range(100)]
    api = Api(key)

    def bulk(turn: int) -> dict[str, Any]:
        try:
            ordered = items if turn % 2 else items[::-1]
            response = api("POST", "/notifications/bulk", {"notifications": ordered})
            assert response.status_code == 202, response.content
            return {
                result["notification"]["id"]: result["status"] for result in json.loads(response.content)["results"]
            }
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(bulk, range(4)))

    assert all(answer == answers[0] for answer in answers)
    assert Notification.objects.count() == 100


def test_with_the_broker_out_it_is_accepted_as_quickly_and_somebody_is_told(
    key: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    settings.REDIS_URL = NOBODY_LISTENS
    monkeypatch.setattr(bells, "_ringer", bells._Ringer(bells.publish, told.extend))
    api = Api(key)

    began = time.monotonic()
    responses = [api("POST", "/notifications", a_body(priority="high")) for _ in range(5)]
    seconds = time.monotonic() - began

    assert [response.status_code for response in responses] == [202] * 5
    assert Notification.objects.count() == 5
    assert seconds < 5
    for _ in range(100):
        if told:
            break
        time.sleep(0.05)
    assert set(told) == {"plan.high"}
