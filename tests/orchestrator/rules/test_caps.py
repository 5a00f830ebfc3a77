"""Caps: whether there is room, until when there is none, and who goes first."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.rules.policy import CapsPolicy, TypePolicy
from orchestrator.rules.caps import OverCap, over_cap
from orchestrator.rules.planning import decide
from orchestrator.rules.situation import Case, ChannelTraits, Situation, StrategyFacts, Use
from tests.make import AT, a_claimed_notification

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FREE = AT + 23 * HOUR  # when what was sent an hour ago leaves the day
MINE = Use(UUID(int=50), AT, "offer", "marketing", priority=2)


def sent(*ago: timedelta, **facts: Any) -> list[Use]:
    """Messages that were sent so long ago."""
    defaults = {"type": "offer", "category": "marketing", "priority": 2, "sent": True}
    return [
        Use(**{"notification_id": UUID(int=100 + number), "at": AT - moment, **defaults, **facts})
        for number, moment in enumerate(ago)
    ]


def waiting(number: int = 1, **facts: Any) -> Use:
    return Use(
        **{
            "notification_id": UUID(int=number),
            "at": AT,
            "type": "offer",
            "category": "marketing",
            "priority": 2,
            **facts,
        }
    )


@pytest.mark.parametrize(
    ("cap", "uses", "until"),
    [
        pytest.param(CapsPolicy(day=2), sent(HOUR), None, id="one of two"),
        pytest.param(CapsPolicy(day=2), sent(HOUR, 3 * HOUR), AT + 21 * HOUR, id="full until the oldest leaves"),
        pytest.param(CapsPolicy(day=1), sent(HOUR, 3 * HOUR), AT + 23 * HOUR, id="overfull until the newest leaves"),
        pytest.param(CapsPolicy(day=1), sent(DAY), None, id="a day ago is over"),
        pytest.param(CapsPolicy(hour=1, day=5), sent(30 * MINUTE), AT + 30 * MINUTE, id="the hour is full"),
        pytest.param(CapsPolicy(week=1), sent(6 * DAY), AT + DAY, id="the week is full"),
        pytest.param(CapsPolicy(day=0), [], AT + DAY, id="none at all"),
        pytest.param(CapsPolicy(day=1), sent(HOUR, type="news"), None, id="another type"),
        pytest.param(CapsPolicy(day=1, counted="category"), sent(HOUR, type="news"), AT + 23 * HOUR, id="its category"),
        pytest.param(
            CapsPolicy(day=1, counted="category"), sent(HOUR, category="orders"), None, id="another category"
        ),
        pytest.param(CapsPolicy(day=1, counted="all"), sent(HOUR, type="news", category="x"), AT + 23 * HOUR, id="all"),
        pytest.param(CapsPolicy(day=1), sent(HOUR, notification_id=MINE.notification_id), None, id="itself"),
    ],
)  # fmt: skip
def test_when_there_is_room(cap: CapsPolicy, uses: list[Use], until: Any) -> None:
    found = over_cap([cap], MINE, uses=uses)

    assert (found and found.until) == until


@pytest.mark.parametrize(
    ("rival", "over"),
    [
        pytest.param(waiting(priority=1), True, id="more urgent"),
        pytest.param(waiting(priority=3), False, id="less urgent"),
        pytest.param(waiting(value=5.0), True, id="worth more"),
        pytest.param(waiting(value=0.5), False, id="worth less"),
        pytest.param(waiting(1), True, id="the same, and older"),
        pytest.param(waiting(99), False, id="the same, and younger"),
        pytest.param(waiting(priority=3, sent=True), True, id="whatever was sent"),
    ],
)
def test_of_those_that_wait_the_higher_ones_go_first(rival: Use, over: bool) -> None:
    assert (over_cap([CapsPolicy(day=1)], MINE, uses=[rival]) is not None) is over


def test_of_several_caps_the_strictest_wish_counts_and_the_latest_moment() -> None:
    caps = [CapsPolicy(hour=1, over="wait"), CapsPolicy(day=1, over="skip")]

    found = over_cap(caps, MINE, uses=sent(30 * MINUTE))

    assert found == OverCap("skip", AT + 23 * HOUR + 30 * MINUTE, "1 a day of its type")


uses = st.lists(
    st.builds(
        Use,
        notification_id=st.uuids(),
        at=st.integers(0, 8 * 86_400).map(lambda seconds: AT - timedelta(seconds=seconds)),
        type=st.sampled_from(["offer", "news"]),
        category=st.just("marketing"),
        priority=st.integers(1, 3),
        value=st.sampled_from([0.5, 1.0, 2.0]),
        sent=st.booleans(),
    ),
    max_size=12,
    unique_by=lambda use: use.notification_id,
)
caps = st.builds(
    CapsPolicy,
    hour=st.none() | st.integers(0, 3),
    day=st.none() | st.integers(0, 5),
    week=st.none() | st.integers(0, 8),
    counted=st.sampled_from(["type", "category", "all"]),
)


@given(cap=caps, found=uses, more=uses)
def test_more_messages_never_make_more_room(cap: CapsPolicy, found: list[Use], more: list[Use]) -> None:
    before, after = (over_cap([cap], MINE, uses=some) for some in (found, [*found, *more]))

    assert before is None or (after is not None and after.until >= before.until)


@given(cap=caps, found=uses, data=st.data())
def test_their_order_does_not_matter(cap: CapsPolicy, found: list[Use], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(found))

    assert over_cap([cap], MINE, uses=found) == over_cap([cap], MINE, uses=shuffled)


@given(cap=caps, found=uses)
def test_there_is_room_when_it_says_so(cap: CapsPolicy, found: list[Use]) -> None:
    """Whoever was sent has left by then, or the cap lets nobody through."""
    past = [use for use in found if use.sent]
    over = over_cap([cap], MINE, uses=past)
    if over is None or 0 in (cap.hour, cap.day, cap.week):
        return

    later = Use(MINE.notification_id, over.until, MINE.type, MINE.category, MINE.priority)

    assert over_cap([cap], later, uses=past) is None


def decided(policy: TypePolicy, *found: Use, **facts: Any) -> list[tuple[str, str, Any]]:
    notification = a_claimed_notification(**{"type": "offer", "category": "marketing", **facts})
    case = Case(
        notification,
        StrategyFacts("immediate", "immediate"),
        (ChannelTraits("in_app", needs_endpoint=False),),
        AT,
        policy,
    )  # fmt: skip
    situation = Situation(UUID(int=7), "UTC", uses=tuple(found))
    return [(d.state, d.reason or d.wait_reason, d.due_at) for d in decide(case, situation).deliveries]


@pytest.mark.parametrize(
    ("policy", "facts", "expected"),
    [
        pytest.param(CapsPolicy(day=1), {}, ("pending", "frequency_cap", FREE), id="it waits"),
        pytest.param(CapsPolicy(day=1, over="digest"), {}, ("pending", "frequency_cap", FREE), id="no digest"),
        pytest.param(CapsPolicy(day=1, over="skip"), {}, ("skipped", "frequency_cap", None), id="skipped"),
        pytest.param(CapsPolicy(day=1), {"expires_at": AT + DAY}, ("pending", "frequency_cap", FREE), id="alive"),
        pytest.param(CapsPolicy(day=1), {"expires_at": AT + HOUR}, ("skipped", "frequency_cap", None), id="too late"),
        pytest.param(CapsPolicy(day=1), {"priority": 0}, ("pending", "", None), id="critical passes"),
        pytest.param(CapsPolicy(day=2), {}, ("pending", "", None), id="there is room"),
    ],
)  # fmt: skip
def test_what_becomes_of_a_message_over_the_cap(policy: CapsPolicy, facts: Any, expected: Any) -> None:
    assert decided(TypePolicy(caps=(policy,)), *sent(HOUR), **facts) == [expected]
