"""Digests: what comes within a while is told as one, when its window closes or somebody closes it."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.stack import Api, Sandbox, text
from tests.stack.running import wait_until
from tests.stack.waiting import PATIENCE_SECONDS, ended

Someone = Callable[..., dict[str, Any]]
WORDS = {
    "parts": {"email": {"subject": "{{ count }} comments", "text": "{% for item in items %}{{ item.n }}.{% endfor %}"}},
    "example_data": {"count": 1, "items": [{"n": 1}]},
}


@pytest.fixture
def gathering(api: Api) -> Callable[[int], str]:
    """`gathering(60)`: a type whose messages are told as one a minute after the first."""
    api.put("/templates/comments", WORDS)
    api.post("/templates/comments/publish", {"note": ""}, status=200)

    def make(seconds: int) -> str:
        window = {"mode": "fixed", "seconds": seconds}
        api.put(f"/types/comment-{seconds}", {"policy": {"digests": [{"window": window, "template": "comments"}]}})
        return f"comment-{seconds}"

    return make


def comment(api: Api, type: str, person: dict[str, Any], n: int) -> dict[str, Any]:
    return api.notify(type=type, recipients=[person], content=text("A comment"), data={"n": n}, channels=["email"])


def closed(api: Api, person: dict[str, Any]) -> dict[str, Any]:
    """Wait until the one digest of a person has closed."""
    found: list[dict[str, Any]] = []

    def is_closed() -> bool:
        found[:] = api.get("/digests", recipient=person["id"], status="closed")["results"]
        return bool(found)

    wait_until(is_closed, seconds=PATIENCE_SECONDS, what=lambda: f"a closed digest of {person['id']}")
    (digest,) = found
    return digest


def test_closing_a_digest_early_tells_what_is_there(
    api: Api, sandbox: Sandbox, someone: Someone, gathering: Callable[[int], str]
) -> None:
    person, type = someone(), gathering(3600)
    rows = [comment(api, type, person, n) for n in (1, 2, 3)]
    for row in rows:
        assert ended(api, row)["status"] == "completed"
        assert [(d["status"], d["reason"]) for d in api.deliveries(row)] == [("skipped", "digest")]

    (waiting,) = api.get("/digests", recipient=person["id"])["results"]
    assert (waiting["status"], waiting["count"]) == ("open", 3)
    api.post(f"/digests/{waiting['id']}/close", None, status=200)

    digest = closed(api, person)
    told = ended(api, {"id": digest["notification"]})
    assert (digest["id"], digest["outcome"], told["status"]) == (waiting["id"], "together", "completed")
    (mail,) = sandbox.messages(to=person["email"])
    assert (mail["subject"], mail["text"].strip()) == ("3 comments", "1.2.3.")


def test_a_digest_closes_by_itself_when_its_window_does(
    api: Api, sandbox: Sandbox, someone: Someone, gathering: Callable[[int], str]
) -> None:
    person, type = someone(), gathering(1)

    comment(api, type, person, 1)

    told = ended(api, {"id": closed(api, person)["notification"]})
    assert told["status"] == "completed"
    assert [mail["subject"] for mail in sandbox.messages(to=person["email"])] == ["1 comments"]
