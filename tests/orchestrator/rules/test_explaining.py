"""A decision in words: when, on the recipient's own clock, and why."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.rules.explaining import explained
from orchestrator.rules.planning import decide
from orchestrator.rules.situation import Case, ChannelTraits, EndpointFacts, Situation, StrategyFacts
from preferences.rules import wishes_in
from tests.make import AT, a_claimed_notification

ASHA = UUID(int=7)
KOLKATA = "Asia/Kolkata"  # AT is 17:30 there
QUIET = {"quiet_hours": [{"from": "17:00", "to": "06:00"}]}


def steps(document: dict[str, Any], strategy: str = "immediate", **facts: Any) -> list[tuple[str, str | None, str]]:
    """What is told of a push to Asha: channel, what it waits for, and the sentence."""
    channels = (ChannelTraits("push"), ChannelTraits("email"))
    configuration = {"steps": [{"channel": "push", "after_seconds": 0}, {"channel": "email", "after_seconds": 7200}]}
    facts.setdefault("content_channels", ("push", "email"))
    case = Case(a_claimed_notification(**facts), StrategyFacts(strategy, strategy, 3, configuration), channels, AT)
    endpoints = {"push": (EndpointFacts(UUID(int=1)),), "email": (EndpointFacts(UUID(int=2)),)}
    told = explained(decide(case, Situation(ASHA, KOLKATA, endpoints, wishes=wishes_in(document))), recipient="asha")
    return [(step.channel, step.waits_for, step.says) for step in told.steps]


def test_what_is_due_goes_out_at_once() -> None:
    assert steps({}) == [("push", None, "goes out at once"), ("email", None, "goes out at once")]


def test_what_waits_for_the_morning_says_so_on_the_persons_clock() -> None:
    says = "goes out at Sat 06:00 Asia/Kolkata: the recipient wants to be left alone until then"

    assert steps(QUIET) == [("push", "quiet_hours", says), ("email", "quiet_hours", says)]


def test_a_later_step_says_what_it_waits_for() -> None:
    assert steps({}, "sequential")[1] == (
        "email",
        "earlier_step",
        "goes out at 19:30 Asia/Kolkata: unless an earlier step has succeeded by then",
    )


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (AT + timedelta(days=2), "Sun 12:00"),
        (AT + timedelta(days=30), "2026-12-20 12:00"),
    ],
)
def test_another_day_is_named(local: datetime, expected: str) -> None:
    (first, *_) = steps({}, scheduled_local=local.replace(tzinfo=None).isoformat())

    assert first == ("push", "schedule", f"goes out at {expected} Asia/Kolkata: it was scheduled for then")
