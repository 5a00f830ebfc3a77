"""The story of a recipient in Kolkata with quiet hours, no text messages, a cap and a digest: she gets exactly what the
preview said, support reads why, and a changed strategy shows what it would have done before it is saved."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.stack import Api, Stack
from tests.stack.running import wait_until
from tests.stack.waiting import ended

Someone = Callable[..., dict[str, Any]]
KOLKATA = "Asia/Kolkata"
WORDS = {
    "push": {"title": "Parcel {{ n }}", "body": "It is here."},
    "sms": {"body": "Parcel {{ n }} is here."},
    "email": {"subject": "Parcel {{ n }}", "text": "It is here."},
    "in_app": {"title": "Parcel {{ n }}", "body": "It is here."},
}


def asha(api: Api, someone: Someone) -> str:
    """Quiet from an hour ago for three more, no text messages, and the news once a day."""
    person = someone(phone="+919876543210", timezone=KOLKATA)
    device = {"channel": "push", "kind": "fcm", "address": f"{person['id']}-device-token"}
    addresses = {name: person[name] for name in ("email", "phone", "timezone")}
    api.put(f"/recipients/{person['id']}", {**addresses, "endpoints": [device]})
    here = datetime.now(ZoneInfo(KOLKATA))
    since, until = here - timedelta(hours=1), here + timedelta(hours=3)
    wishes = {
        "channels": {"sms": False},
        "quiet_hours": [{"from": f"{since:%H:%M}", "to": f"{until:%H:%M}"}],
        "frequency": {"type:kolkata_news": {"mode": "digest", "every": "day", "at": "08:00"}},
    }
    api.put(f"/recipients/{person['id']}/preferences", wishes)
    return str(person["id"])


def request(recipient: str, type: str, n: int = 1) -> dict[str, Any]:
    return {"type": type, "recipients": [recipient], "content": WORDS, "data": {"n": n}, "strategy": "immediate"}


def said_before(api: Api, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The preview: when each channel goes out (`None`: at once), and why the others do not."""
    answered_at = datetime.now(ZoneInfo("UTC"))
    (found,) = api.post("/notifications/preview", body, status=200)["results"]
    later = {
        step["channel"]: step["at"] if datetime.fromisoformat(step["at"]) > answered_at + timedelta(minutes=1) else None
        for step in found["steps"]
    }
    return later, {skip["channel"]: skip["reason"] for skip in found["skipped"]}


def came_of(api: Api, body: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """What was really done with it: its id, and the same as of a preview."""
    accepted = api.post("/notifications", body)
    path = f"/notifications/{accepted['id']}"
    wait_until(lambda: api.get(path)["planned_at"], seconds=60, what="it to be planned")
    rows = api.every(f"{path}/deliveries")
    skipped = {row["channel"]: row["reason"] for row in rows if row["status"] in ("skipped", "unsubscribed")}
    going = {
        row["channel"]: row["due_at"] if row["status"] == "waiting" else None
        for row in rows
        if row["channel"] not in skipped
    }
    return str(accepted["id"]), going, skipped


def test_what_she_gets_is_what_the_preview_said(api: Api, someone: Someone) -> None:
    api.put("/types/kolkata_parcel", {"category": "parcels"})
    her = asha(api, someone)

    expected = said_before(api, request(her, "kolkata_parcel"))
    id, *found = came_of(api, request(her, "kolkata_parcel"))

    assert tuple(found) == expected
    going, skipped = expected
    assert going["in_app"] is None
    assert going["push"] == going["email"] is not None
    assert skipped == {"sms": "preference_off"}

    (why,) = api.get(f"/notifications/{id}/decisions", recipient=her)["results"]
    says = {step["channel"]: step["says"] for step in why["steps"]}
    assert says["in_app"] == "goes out at once"
    assert says["push"].endswith(f"{KOLKATA}: the recipient wants to be left alone until then")
    (no,) = why["skipped"]
    assert (no["channel"], no["reason"], no["rule"]) == ("sms", "preference_off", "recipient.channels.sms")
    assert no["flip"]


def test_over_the_cap_the_second_one_is_left_out_as_the_preview_said(api: Api, someone: Someone) -> None:
    api.put("/types/kolkata_offer", {"policy": {"caps": [{"day": 1, "over": "skip"}]}})
    her = asha(api, someone)
    first = api.post("/notifications", {**request(her, "kolkata_offer"), "channels": ["in_app"]})
    assert ended(api, first)["status"] == "completed"
    second = {**request(her, "kolkata_offer", 2), "channels": ["in_app"]}

    expected = said_before(api, second)
    _, *found = came_of(api, second)

    assert expected == ({}, {"in_app": "frequency_cap"})
    assert tuple(found) == expected


def test_the_news_are_gathered_and_told_as_one(api: Api, someone: Someone) -> None:
    api.put("/types/kolkata_news", {})
    her = asha(api, someone)

    bodies = [{**request(her, "kolkata_news", n), "channels": ["in_app"]} for n in (1, 2, 3)]
    for body in bodies:
        expected = said_before(api, body)
        _, *found = came_of(api, body)
        assert expected == ({}, {"in_app": "digest"})
        assert tuple(found) == expected

    (digest,) = api.get("/digests", recipient=her)["results"]
    assert (digest["status"], digest["count"]) == ("open", 3)
    assert f"{datetime.fromisoformat(digest['closes_at']).astimezone(ZoneInfo(KOLKATA)):%H:%M}" == "08:00"


def test_a_changed_strategy_shows_what_it_would_have_done(api: Api, stack: Stack, someone: Someone) -> None:
    api.put("/types/kolkata_trial", {"strategy": "sequential"})
    her = asha(api, someone)
    body = {**request(her, "kolkata_trial"), "strategy": "sequential"}
    came_of(api, body)
    versions = api.get("/strategies/sequential")["version"]
    changed = {"steps": [{"channel": "in_app", "after_seconds": 0}]}

    found = api.post(
        "/strategies/backtest",
        {"key": "sequential", "kind": "sequential", "configuration": changed, "type": "kolkata_trial"},
        status=200,
    )

    assert (found["decisions"], found["changed"]) == (1, 1)
    assert found["examples"][0]["recipient"] == her
    assert found["examples"][0]["after"][0] == "in_app"
    assert api.get("/strategies/sequential")["version"] == versions
    replayed = stack.run("manage", "replay_decisions", "--days", "1")
    assert replayed.returncode == 0, replayed.stdout + replayed.stderr
