"""Planning decides what a notification becomes for one recipient: the same every time, and nothing without a reason."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.ids import moment_of
from orchestrator.rules.planning import candidate_channels, decide, plan
from orchestrator.rules.situation import Case, ChannelTraits, EndpointFacts, Situation, StrategyFacts, Unusable, Usable
from orchestrator.rules.strategies.immediate import IMMEDIATE
from orchestrator.rules.strategies.sequential import SEQUENTIAL
from orchestrator.rules.strategy import Strategy
from orchestrator.values import ClaimedNotification, PlannedDelivery
from preferences.rules import wishes_in
from tests.make import AT, a_claimed_notification

PHONE, TABLET, MAILBOX = UUID(int=11), UUID(int=12), UUID(int=13)
ANA = UUID(int=7)


def a_case(
    notification: ClaimedNotification, channels: Collection[str], strategy: Strategy = IMMEDIATE, **configuration: Any
) -> Case:
    traits = tuple(
        ChannelTraits(name, needs_endpoint=name != "in_app", interrupts=name != "in_app") for name in channels
    )
    facts = StrategyFacts(strategy.key, strategy.key, configuration={**strategy.defaults, **configuration})
    return Case(notification, facts, traits, AT)


def planned(
    notification: ClaimedNotification,
    channels: dict[str, Usable | Unusable],
    strategy: Strategy = IMMEDIATE,
    timezone: str = "UTC",
    **configuration: Any,
) -> list[PlannedDelivery]:
    case = a_case(notification, channels, strategy, **configuration)
    return plan(case, Situation(ANA, timezone), channels)


NIGHT = wishes_in({"quiet_hours": [{"from": "11:00", "to": "15:00"}]})  # AT is noon, UTC
LATER = AT + timedelta(hours=3)


def quietly(
    notification: ClaimedNotification, channels: dict[str, UUID], strategy: Strategy = IMMEDIATE
) -> list[tuple[str, str, str, datetime | None, str]]:
    """Decided for somebody who wants to be left alone until `LATER`."""
    endpoints = {name: (EndpointFacts(id),) for name, id in channels.items()}
    found = decide(a_case(notification, channels, strategy), Situation(ANA, "UTC", endpoints, wishes=NIGHT)).deliveries
    return [(d.channel, d.state, d.wait_reason or d.reason, d.due_at, str(d.detail.get("until", ""))) for d in found]


def test_quiet_hours_hold_back_what_makes_a_sound_and_nothing_else() -> None:
    found = quietly(a_claimed_notification(), {"push": PHONE, "in_app": PHONE})

    assert found == [("push", "pending", "quiet_hours", LATER, ""), ("in_app", "pending", "", None, "")]


@pytest.mark.parametrize("facts", [{"priority": 0}, {"category": "security"}], ids=["critical", "required"])
def test_what_cannot_wait_passes_quiet_hours(facts: dict[str, Any]) -> None:
    assert quietly(a_claimed_notification(**facts), {"push": PHONE}) == [("push", "pending", "", None, "")]


def test_a_message_that_does_not_live_to_see_the_morning_is_skipped_and_says_until_when() -> None:
    notification = a_claimed_notification(expires_at=LATER)

    found = quietly(notification, {"push": PHONE, "in_app": PHONE})

    assert found == [
        ("in_app", "pending", "", None, ""),
        ("push", "skipped", "quiet_hours", None, LATER.isoformat()),
    ]


def test_later_steps_count_from_the_end_of_the_quiet_hours() -> None:
    found = quietly(a_claimed_notification(), {"push": PHONE, "email": MAILBOX}, SEQUENTIAL)

    assert [(channel, why, due) for channel, _, why, due, _ in found] == [
        ("push", "quiet_hours", LATER),
        ("email", "earlier_step", LATER + timedelta(minutes=5)),
    ]


def test_every_endpoint_of_a_channel_gets_its_own_delivery_at_once() -> None:
    found = planned(a_claimed_notification(), {"push": Usable((PHONE, TABLET)), "in_app": Usable((None,))})

    assert [(d.channel, d.endpoint_id, d.state, d.due_at, d.wait_reason) for d in found] == [
        ("push", PHONE, "pending", None, ""),
        ("push", TABLET, "pending", None, ""),
        ("in_app", None, "pending", None, ""),
    ]


def test_planning_again_gives_the_same_ids_in_the_month_of_the_notification() -> None:
    notification = a_claimed_notification()

    first = planned(notification, {"email": Usable((MAILBOX,))})
    second = planned(notification, {"email": Usable((MAILBOX,))})

    assert first == second
    assert moment_of(first[0].id) == moment_of(notification.id)


def test_a_channel_that_cannot_be_used_is_skipped_with_its_reason() -> None:
    found = planned(
        a_claimed_notification(),
        {"email": Usable((MAILBOX,)), "sms": Unusable("no_endpoint"), "push": Unusable("preference_off")},
    )

    assert [(d.channel, d.state, d.reason) for d in found] == [
        ("email", "pending", ""),
        ("sms", "skipped", "no_endpoint"),
        ("push", "skipped", "preference_off"),
    ]
    assert all(d.due_at is None for d in found if d.state == "skipped")


def test_a_recipient_nobody_has_words_for_is_accounted_for() -> None:
    found = planned(a_claimed_notification(), {})

    assert [(d.channel, d.state, d.reason) for d in found] == [("none", "skipped", "channel_disabled")]


def test_fallbacks_are_planned_before_the_first_send() -> None:
    found = planned(
        a_claimed_notification(strategy="sequential"),
        {"email": Usable((MAILBOX,)), "sms": Usable((UUID(int=14),)), "push": Usable((PHONE,))},
        SEQUENTIAL,
    )

    assert [(d.channel, d.step, d.last_step, d.due_at, d.wait_reason) for d in found] == [
        ("push", 0, 2, None, ""),
        ("email", 1, 2, AT + timedelta(minutes=5), "earlier_step"),
        ("sms", 2, 2, AT + timedelta(hours=1), "earlier_step"),
    ]
    assert {d.fallback_seconds for d in found} == {60}


def test_a_channel_that_cannot_be_used_costs_no_time() -> None:
    found = planned(
        a_claimed_notification(), {"push": Unusable("no_endpoint"), "email": Usable((MAILBOX,))}, SEQUENTIAL
    )

    assert [(d.channel, d.step, d.due_at) for d in found if d.state == "pending"] == [("email", 0, None)]


def test_what_would_be_due_after_its_expiry_is_due_at_its_expiry() -> None:
    expires = AT + timedelta(minutes=1)

    found = planned(
        a_claimed_notification(expires_at=expires), {"push": Usable((PHONE,)), "email": Usable((MAILBOX,))}, SEQUENTIAL
    )

    assert found[1].due_at == expires


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Paris", datetime(2026, 12, 25, 9, 0, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 12, 25, 15, 0, tzinfo=UTC)),
        ("Pacific/Kiritimati", datetime(2026, 12, 24, 20, 0, tzinfo=UTC)),
        ("UTC", datetime(2026, 12, 25, 10, 0, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_read_on_the_recipients_own_clock(zone: str, expected: datetime) -> None:
    notification = a_claimed_notification(scheduled_local="2026-12-25T10:00:00")

    found = planned(notification, {"email": Usable((MAILBOX,))}, timezone=zone)

    assert [(d.due_at, d.wait_reason) for d in found] == [(expected, "schedule")]


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        # 2026-03-29 02:30 does not exist in Paris: read an hour later. 2026-10-25 02:30 comes twice: the first one.
        ("2026-03-29T02:30:00", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        ("2026-10-25T02:30:00", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_clock_changes_neither_lose_nor_double_a_local_time(local: str, expected: datetime) -> None:
    found = planned(
        a_claimed_notification(scheduled_local=local), {"email": Usable((MAILBOX,))}, timezone="Europe/Paris"
    )

    assert [d.due_at for d in found] == [expected]


@pytest.mark.parametrize(
    ("asked", "words", "expected"),
    [
        ((), ("in_app", "email"), ("email", "in_app")),
        (("in_app", "email"), ("email", "in_app"), ("in_app", "email")),
        (("sms", "email"), ("email",), ("email",)),
        ((), (), ()),
    ],
)
def test_only_channels_with_words_are_considered(
    asked: tuple[str, ...], words: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    notification = a_claimed_notification(channels=asked, content_channels=words)

    assert candidate_channels(notification, known=("email", "sms", "in_app")) == expected
