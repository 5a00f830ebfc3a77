"""Until when a message is held back: quiet hours, the windows of its type, the law of the place, and who passes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import pytest

from notifications.rules.policy import TypePolicy, policy_in
from orchestrator.rules.judging import judge
from orchestrator.rules.planning import decide
from orchestrator.rules.record import Said, again, outcome, packed, unpacked
from orchestrator.rules.situation import Case, ChannelTraits, EndpointFacts, Situation, StrategyFacts, Unusable
from orchestrator.rules.timing import Hold, held_until, place_matters
from orchestrator.values import CRITICAL
from preferences.rules import Jurisdiction, level_in, wishes_among, wishes_in
from tests.make import AT, a_claimed_notification

NOON = AT  # 2026-11-20 is a Friday; noon in UTC
QUIET = {"quiet_hours": [{"from": "11:00", "to": "15:00"}]}
AFTERNOON = {"windows": [{"from": "14:00", "to": "18:00"}]}
SMS = ChannelTraits("sms")
PARIS = Jurisdiction("FR", ("Europe/Paris",))
LATE = datetime.fromisoformat("2026-11-21T22:30Z")  # half past eleven on a Saturday night in Paris


def a_case(policy: dict[str, Any] | None = None, **facts: Any) -> Case:
    notification = a_claimed_notification(**{"type": "sale", **facts})
    return Case(notification, StrategyFacts("immediate", "immediate"), (SMS,), NOON, policy=policy_in(policy or {}))


def somebody(document: dict[str, Any] | None = None, **facts: Any) -> Situation:
    return Situation(UUID(int=7), "UTC", wishes=wishes_in(document or {}), **facts)


def hold(
    case: Case, situation: Situation, *, at: datetime = NOON, channel: ChannelTraits = SMS
) -> tuple[str, str] | None:
    found = held_until(case, situation, channel, at)
    return found and (f"{found.until:%d %H:%M}", found.rule)


HOLDS = [
    pytest.param(a_case(), somebody(), None, id="nothing"),
    pytest.param(a_case(), somebody(QUIET), ("20 15:00", "quiet_hours"), id="quiet hours"),
    pytest.param(a_case(AFTERNOON), somebody(), ("20 14:00", "type.windows"), id="a window of the type"),
    pytest.param(a_case(AFTERNOON), somebody(QUIET), ("20 15:00", "quiet_hours"), id="both: the later one"),
    pytest.param(
        a_case(AFTERNOON), somebody({"timezone": "Asia/Tokyo"}), ("21 05:00", "type.windows"), id="on their clock"
    ),
    pytest.param(a_case(AFTERNOON, priority=CRITICAL), somebody(QUIET), None, id="what is critical passes"),
    pytest.param(a_case(AFTERNOON, category="security"), somebody(QUIET), None, id="what is required passes"),
]


@pytest.mark.parametrize(("case", "situation", "expected"), HOLDS)
def test_what_holds_a_message_back(case: Case, situation: Situation, expected: tuple[str, str] | None) -> None:
    assert hold(case, situation) == expected


def test_what_makes_no_sound_does_not_wait() -> None:
    inbox = ChannelTraits("in_app", interrupts=False)

    assert hold(a_case(AFTERNOON), somebody(QUIET), channel=inbox) is None


LAWS = [
    pytest.param(a_case(category="marketing"), PARIS, ("23 07:00", "calling_hours.FR"), id="marketing by text"),
    pytest.param(a_case({"purpose": "marketing"}), PARIS, ("23 07:00", "calling_hours.FR"), id="by its purpose"),
    pytest.param(a_case(category="marketing"), None, None, id="nobody knows where"),
    pytest.param(a_case(category="orders"), PARIS, None, id="no marketing"),
    pytest.param(
        a_case(category="marketing", priority=CRITICAL), PARIS, ("23 07:00", "calling_hours.FR"), id="even if critical"
    ),
    pytest.param(a_case({"purpose": "service"}, category="marketing"), PARIS, None, id="its purpose is another"),
]


@pytest.mark.parametrize(("case", "place", "expected"), LAWS)
def test_marketing_waits_for_the_calling_hours_of_the_place(
    case: Case, place: Jurisdiction | None, expected: tuple[str, str] | None
) -> None:
    assert hold(case, somebody(place=place), at=LATE) == expected


def test_a_type_may_leave_people_alone_on_public_holidays() -> None:
    tenant = level_in({"holidays": {"FR": ["2026-11-20"]}}, "default")
    situation = Situation(UUID(int=7), "Europe/Paris", wishes=wishes_among([tenant]), place=PARIS)

    assert hold(a_case({"holidays": False}), situation) == ("20 23:00", "type.windows")
    assert hold(a_case(), situation) is None
    assert tenant.holidays["FR"] == (date(2026, 11, 20),)


SOON, LATER = AT.replace(hour=14), AT.replace(hour=20)
EDGES = [
    pytest.param({}, LATER, None, id="wait: it lives longer"),
    pytest.param({}, SOON, ("quiet_hours", "quiet_hours"), id="wait: it does not live that long"),
    pytest.param({"quiet": "send"}, SOON, None, id="send: rather than not at all"),
    pytest.param(
        {"quiet": "send", **AFTERNOON, "windows": [{"from": "16:00", "to": "18:00"}]},
        SOON, ("outside_window", "type.windows"), id="send: but only inside of the type's windows",
    ),
    pytest.param({"quiet": "skip"}, LATER, ("quiet_hours", "type.quiet"), id="skip: rather than later"),
    pytest.param({"quiet": "skip"}, None, ("quiet_hours", "type.quiet"), id="skip: even where it does not expire"),
    pytest.param({}, None, None, id="wait: it does not expire"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "expires_at", "expected"), EDGES)
def test_the_type_says_what_becomes_of_what_cannot_wait(
    policy: dict[str, Any], expires_at: datetime | None, expected: tuple[str, str] | None
) -> None:
    situation = somebody(QUIET, endpoints={"sms": (EndpointFacts(UUID(int=1)),)})

    verdict = judge(a_case(policy, expires_at=expires_at), situation)["sms"]

    assert (isinstance(verdict, Unusable) and (verdict.reason, verdict.rule)) == (expected or False)


def test_what_is_sent_at_the_edge_does_not_wait() -> None:
    case = a_case({"quiet": "send"}, expires_at=SOON)

    assert held_until(case, somebody(QUIET), SMS, NOON) is None
    assert held_until(a_case({"quiet": "send"}, expires_at=LATER), somebody(QUIET), SMS, NOON) == Hold(
        AT.replace(hour=15), "quiet_hours", "quiet_hours"
    )


@pytest.mark.parametrize(
    ("category", "policy", "channels", "expected"),
    [
        pytest.param("marketing", {}, {"sms", "email"}, True, id="marketing by text"),
        pytest.param("marketing", {}, {"email"}, False, id="marketing by mail"),
        pytest.param("orders", {}, {"sms"}, False, id="no marketing"),
        pytest.param("orders", {"holidays": False}, {"email"}, True, id="not on holidays"),
        pytest.param("", {}, {"sms"}, False, id="nothing said"),
    ],
)
def test_where_somebody_is_is_asked_only_when_it_matters(
    category: str, policy: dict[str, Any], channels: set[str], expected: bool
) -> None:
    found: TypePolicy = policy_in(policy)

    assert place_matters(category, found, channels) is expected


def test_what_holds_a_message_back_can_be_decided_repeatedfrom_its_record() -> None:
    levels = [
        level_in({**QUIET, "conditions": [{"mute": {"path": "data.x", "equals": 1}}]}),
        level_in({"channel_order": ["sms"]}, "override", until=LATER, id="7"),
        level_in({"holidays": {"FR": ["2026-11-20"]}, "types": {"other": False}}, "default"),
    ]
    endpoints = {"sms": (EndpointFacts(UUID(int=1)),)}
    situation = Situation(UUID(int=7), "Europe/Paris", endpoints, wishes=wishes_among(levels), place=PARIS)
    decision = decide(a_case({"holidays": False}, category="marketing"), situation)

    (repeated,) = again(unpacked(packed([decision])), said=Said())

    assert repeated.situation == decision.situation
    assert outcome([repeated]) == outcome([decision])
    assert [d.wait_reason for d in repeated.deliveries] == ["outside_window"]
