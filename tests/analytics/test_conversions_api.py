"""`/analytics/conversions`: told by the tenant, counted once."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client

from analytics.models import OutcomeCount
from analytics.rules.rollups import EIGHT_DAYS
from events.models import Event
from kernel.ids import derived
from notifications.models import Delivery
from tests.analytics.conftest import Api, a_notification, read_all

pytestmark = pytest.mark.django_db(transaction=True)


def a_delivery(tenant_id: UUID, *, mode: str = "live") -> UUID:
    at = datetime.now(UTC)
    about = a_notification(tenant_id, at=at, mode=mode)
    row = Delivery.objects.create(
        id=derived(about, "ana"), tenant_id=tenant_id, notification_id=about, recipient_id=uuid4(), channel="email",
        state="sent", sent_at=at, provider_message_id="m-1", mode=mode, lane=2, priority=2, created_at=at,
    )  # fmt: skip
    return row.id


def tell(api: Api, *conversions: dict[str, Any], status: int = 202, **headers: str) -> Any:
    response = Client().post(
        "/api/v1/analytics/conversions",
        {"conversions": list(conversions)},
        content_type="application/json",
        headers={"Authorization": f"Bearer {api.credential}", **headers},
    )
    body = json.loads(response.content)
    assert response.status_code == status, body
    return body


def test_a_conversion_is_noted_and_counts_once(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api, delivery = api_of(tenant_id, "send"), a_delivery(tenant_id)

    first = tell(api, {"delivery": str(delivery), "name": "bought"}, {"delivery": str(delivery)})
    again = tell(api, {"delivery": str(delivery)})
    read_all()

    assert (first, again) == ({"noted": 2, "unknown": []}, {"noted": 1, "unknown": []})
    assert Event.objects.order_by("id")[0].detail == {"channel": "email", "name": "bought"}
    counted = OutcomeCount.objects.filter(minutes=EIGHT_DAYS).values_list("channel", "type", "outcome", "count")
    assert list(counted) == [("email", "order", "converted", 1)]


def test_what_is_not_yours_or_of_the_other_mode_is_not_known(
    tenant_id: UUID, other_tenant_id: UUID, api_of: Callable[..., Api]
) -> None:
    api = api_of(tenant_id, "send")
    made_up = [UUID(int=0), UUID(int=1), uuid4(), UUID(int=(1 << 128) - 1)]
    others = [a_delivery(other_tenant_id), a_delivery(tenant_id, mode="test")]
    strange = [str(id) for id in [*others, *made_up]]

    answer = tell(api, *({"delivery": id} for id in strange))

    assert answer == {"noted": 0, "unknown": strange}
    assert not Event.objects.exists()


@pytest.mark.parametrize(
    ("moved", "pointer"), [(timedelta(days=-29), "/conversions/0/at"), (timedelta(hours=1), "/conversions/0/at")]
)
def test_a_moment_that_will_not_do_is_refused(
    tenant_id: UUID, api_of: Callable[..., Api], moved: timedelta, pointer: str
) -> None:
    delivery = a_delivery(tenant_id)

    answer = tell(
        api_of(tenant_id, "send"),
        {"delivery": str(delivery), "at": (datetime.now(UTC) + moved).isoformat()},
        status=422,
    )

    assert [(error["pointer"], error["code"]) for error in answer["errors"]] == [(pointer, "out_of_range")]
    assert not Event.objects.exists()


def test_the_same_request_again_gets_the_same_answer(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    api, delivery = api_of(tenant_id, "send"), {"delivery": str(a_delivery(tenant_id))}

    answers = [tell(api, delivery, **{"Idempotency-Key": "once"}) for _ in range(2)]

    assert answers[0] == answers[1]
    assert Event.objects.count() == 1


def test_a_key_that_only_reads_may_not_tell(tenant_id: UUID, api_of: Callable[..., Api]) -> None:
    assert tell(api_of(tenant_id, "read"), {"delivery": str(uuid4())}, status=403)["code"] == "forbidden"
