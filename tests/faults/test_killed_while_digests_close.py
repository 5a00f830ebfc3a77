"""kill -9 of workers and of the timekeeper while digests open, fill and close: one message per window, no item lost."""

from collections import Counter
from collections.abc import Collection
from typing import Any
from uuid import UUID

from tests.faults.clients import asking
from tests.faults.conftest import Form
from tests.faults.judging import all_sent, judge, wait_until_sent, wait_until_settled
from tests.faults.killing import kill_at_random
from tests.stack import Stack
from tests.stack.running import wait_until

GATHERED_TYPE = "gathered"
READERS = 12
PROGRAMS = ("worker-critical", "worker-bulk", "worker-background", "timekeeper")
WORDS = {"in_app": {"title": "{{ count }}", "body": "{% for item in items %}{{ item.n }} {% endfor %}"}}

# Every digest these notifications went into. That two of one place are open at once PostgreSQL refuses by itself.
WINDOWS = """
SELECT state, outcome, notification_id FROM orchestrator_digest
WHERE id IN (SELECT digest_id FROM orchestrator_digestitem WHERE notification_id = ANY (%s))
"""
PLACES = "SELECT notification_id, left_out, sent_as FROM orchestrator_digestitem WHERE notification_id = ANY (%s)"
TELLING = "SELECT id, metadata->>'digest' FROM notifications_notification WHERE type = %s AND actor = 'digest'"
TOLD = "SELECT body FROM audience_inboxitem WHERE notification_id = ANY (%s)"
ASKED = "SELECT data->>'n' FROM notifications_notification WHERE id = ANY (%s)"


def comment(number: int, name: str) -> dict[str, Any]:
    """The next thing that one of a few people is to hear of; they hear of all of a second at once."""
    return {"type": GATHERED_TYPE, "recipients": [{"id": f"reader-{number % READERS}"}], "data": {"n": name}}


def test_whoever_is_killed_every_window_is_told_once_with_all_its_items(stack: Stack, form: Form, seed: int) -> None:
    a_gathered_type(stack)

    with asking(stack.api, make=comment, rest_seconds=0.05) as clients:
        ids = clients.journal.ids
        kills, least = form(6, 600), form(80, 15_000)
        hits = kill_at_random(stack, seed=seed, kills=kills, enough=lambda: len(ids) >= least, programs=PROGRAMS)
    stack.wait_until_up()
    wait_until_sent(stack, ids, seconds=60)
    wait_until(lambda: all(state == "closed" for state, *_ in stack.sql(WINDOWS, ids)), seconds=60, what="all closed")

    told_by = each_window_is_told_once(stack, ids)
    every_item_is_in_one_place(stack, ids)
    wait_until_sent(stack, told_by, seconds=60)
    wait_until_settled(stack, [*ids, *told_by])
    judged = judge(stack, told_by)
    assert all_sent(judged), judged
    every_item_was_read_once(stack, ids, told_by)
    print(f"killed {dict(hits)}; {len(ids)} items in {len(told_by)} digests")


def a_gathered_type(stack: Stack) -> None:
    """What is said under it is told once a second, in words of its own."""
    example = {"count": 1, "items": [{"n": "1"}]}
    stack.api.put(f"/templates/{GATHERED_TYPE}", {"parts": WORDS, "example_data": example})
    stack.api.post(f"/templates/{GATHERED_TYPE}/publish", {}, status=200)
    policy = {"digests": [{"window": {"seconds": 1}}]}
    stack.api.put(f"/types/{GATHERED_TYPE}", {"template": GATHERED_TYPE, "priority": "high", "policy": policy})


def each_window_is_told_once(stack: Stack, ids: Collection[UUID]) -> list[UUID]:
    """The notifications that told the digests: one for each, and none besides."""
    windows = stack.sql(WINDOWS, list(ids))
    assert Counter(outcome for _, outcome, _ in windows) == {"together": len(windows)}
    told_by: list[UUID] = [id for _, _, id in windows]
    telling = stack.sql(TELLING, GATHERED_TYPE)
    assert sorted(id for id, _ in telling) == sorted(told_by)
    assert len({digest for _, digest in telling}) == len(windows)
    return told_by


def every_item_is_in_one_place(stack: Stack, ids: Collection[UUID]) -> None:
    places = stack.sql(PLACES, list(ids))
    assert Counter(id for id, *_ in places) == Counter(ids)
    assert {tuple(rest) for _, *rest in places} == {("", None)}


def every_item_was_read_once(stack: Stack, ids: Collection[UUID], told_by: Collection[UUID]) -> None:
    asked = [n for (n,) in stack.sql(ASKED, list(ids))]
    read = [n for (body,) in stack.sql(TOLD, list(told_by)) for n in body.split()]
    assert Counter(read) == Counter(asked)
