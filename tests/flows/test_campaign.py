"""The second story: a campaign to thousands of people, at a moment that was said before."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.stack import Api, Sandbox, Stack, text
from tests.stack.running import wait_until
from tests.stack.waiting import ended

PEOPLE = 10_000 if os.environ.get("CARILLON_FAULTS") == "long" else 2_100
AHEAD = timedelta(seconds=8)


def a_list_of_people(api: Api, prefix: str) -> str:
    """A segment of `PEOPLE` people; its key."""
    names = [f"{prefix}-fan-{number}" for number in range(PEOPLE)]
    api.put(f"/segments/{prefix}", {"name": "Everybody who asked for it"})
    for start in range(0, PEOPLE, 1000):
        page = names[start : start + 1000]
        people = [{"id": name, "email": f"{name}@example.org"} for name in page]
        api.post("/recipients/bulk", {"recipients": people}, status=200)
        assert api.post(f"/segments/{prefix}/members", {"add": page}, status=200)["added"] == len(page)
    return prefix


def test_a_campaign_goes_out_to_everybody_once_and_to_nobody_before_its_moment(
    stack: Stack, api: Api, sandbox: Sandbox, someone: Callable[..., dict[str, Any]]
) -> None:
    segment = a_list_of_people(api, str(someone()["id"]))
    moment = datetime.now(UTC) + AHEAD

    accepted = api.notify(
        type="flash_sale_reminder",
        segment=segment,
        channels=["email"],
        content=text("Ten minutes left"),
        scheduled_at=moment.isoformat(),
    )

    assert (accepted["status"], accepted["recipient_count"], accepted["priority"]) == ("scheduled", PEOPLE, "low")
    assert stack.sql("SELECT count(*) FROM notifications_delivery WHERE notification_id = %s", accepted["id"]) == [(0,)]
    detail = ended(api, accepted, seconds=300)
    assert (detail["status"], detail["deliveries"]["sent"], detail["deliveries"]["total"]) == (
        "completed", PEOPLE, PEOPLE,
    )  # fmt: skip

    ours = {
        id for (id,) in stack.sql("SELECT id FROM notifications_delivery WHERE notification_id = %s", accepted["id"])
    }
    accepted_times = {id: times for id, times in sandbox.accepted().items() if id in ours}
    assert accepted_times == dict.fromkeys(ours, 1)
    ((first_planned, first_call, calls, moments),) = stack.sql(
        "SELECT min(d.created_at), min(a.begun_at), count(*), count(DISTINCT a.begun_at) FROM notifications_attempt a "
        "JOIN notifications_delivery d ON d.id = a.delivery_id WHERE d.notification_id = %s",
        accepted["id"],
    )
    assert min(first_planned, first_call) >= moment
    assert calls == PEOPLE
    assert moments <= PEOPLE / 10  # calls that are begun together bear the same moment


def test_a_bulk_of_a_thousand_is_judged_one_by_one_and_what_is_accepted_is_sent(
    api: Api, stack: Stack, sandbox: Sandbox, someone: Callable[..., dict[str, Any]]
) -> None:
    tag = str(someone()["id"])
    items = [{"recipients": [someone()], "content": text(), "tags": [tag]} for _ in range(1000)]
    for wrong in (0, 500, 999):
        items[wrong] = {"recipients": ["nobody-we-know"], "content": text(), "tags": [tag]}

    answer = api.post("/notifications/bulk", {"notifications": items})

    assert (answer["accepted"], answer["refused"]) == (997, 3)
    refused = {
        index: result["errors"][0]["code"] for index, result in enumerate(answer["results"]) if result["status"] != 202
    }
    assert refused == dict.fromkeys((0, 500, 999), "recipient_not_found")
    ids = [result["id"] for result in answer["results"] if result["status"] == 202]
    wait_until(
        lambda: (
            stack.sql(
                "SELECT count(*) FROM notifications_notification WHERE id = ANY (%s::uuid[]) AND status = 'completed'",
                ids,
            )
            == [(997,)]
        ),
        seconds=180,
        what="997 completed notifications",
        every=0.5,
    )
    deliveries = {
        id for (id,) in stack.sql("SELECT id FROM notifications_delivery WHERE notification_id = ANY (%s::uuid[])", ids)
    }
    assert {id: n for id, n in sandbox.accepted().items() if id in deliveries} == dict.fromkeys(deliveries, 1)
    assert len(deliveries) == 997
