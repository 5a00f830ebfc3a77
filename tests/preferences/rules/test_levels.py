"""Which level's word counts: the table of `preferences/rules/wishes.py`, row by row, and what holds for all wishes."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.rules import Level, Refusal, Wishes, judged, level_in, preferred_order, wishes_among, wishes_in
from preferences.rules.levels import RANKS
from preferences.rules.quiet_hours import quiet_until
from preferences.rules.standing import clock_of, quiet_of
from preferences.rules.wishes import frequency_for
from tests.make import AT

SALE = {"channel": "sms", "category": "marketing", "type": "sale"}
MUTED = {"conditions": [{"mute": {"path": "data.order", "equals": "7"}}]}
OFF = {"frequency": {"type:sale": {"mode": "off"}}}
DAILY = {"mode": "digest", "every": "day"}


def said(**levels: dict[str, Any]) -> Wishes:
    return wishes_among(level_in(document, name) for name, document in levels.items())


def rule(wishes: Wishes, **facts: Any) -> str | None:
    refusal = judged(wishes, **{**SALE, "data": {"order": "7"}, "at": AT, **facts})
    return refusal and refusal.rule


def kind(yes: bool) -> dict[str, Any]:
    return {"types": {"sale": {"sms": yes}}}


def category(yes: bool) -> dict[str, Any]:
    return {"categories": {"marketing": yes}}


def channel(yes: bool) -> dict[str, Any]:
    return {"channels": {"sms": yes}}


TABLE = [
    pytest.param(Wishes(), None, id="nothing: yes"),
    pytest.param(said(forced=channel(False), recipient=kind(True)), "forced.channels.sms", id="forced off"),
    pytest.param(said(forced=channel(True), override=kind(False)), None, id="forced on beats an override"),
    pytest.param(said(forced=channel(True), recipient=kind(False)), None, id="forced on beats a weightier no"),
    pytest.param(said(forced=channel(True), recipient=MUTED), None, id="forced on beats a condition"),
    pytest.param(said(forced=channel(True), recipient=OFF), None, id="forced on beats the frequency off"),
    pytest.param(
        said(forced={**channel(True), **MUTED}), "forced.conditions", id="a condition that is forced too holds"
    ),
    pytest.param(
        said(override=channel(False), recipient=kind(True)), "override.channels.sms", id="no beats yes on a weaker one"
    ),
    pytest.param(said(recipient=channel(False), default=kind(True)), "recipient.channels.sms", id="no beats a default"),
    pytest.param(said(override=channel(True), recipient=channel(False)), None, id="yes beats no of the same weight"),
    pytest.param(said(override=kind(True), recipient=category(False)), None, id="yes beats no of less weight"),
    pytest.param(said(recipient=kind(True), default=kind(False)), None, id="somebody asks for what is off by default"),
    pytest.param(
        said(recipient=channel(True), default=category(False)),
        "default.categories.marketing",
        id="yes to the channel is no yes to what is off by default",
    ),
    pytest.param(
        said(recipient=category(True), default=kind(False)), "default.types.sale.sms", id="nor is one to the category"
    ),
    pytest.param(said(override={"types": {"sale": True}}, recipient=MUTED), None, id="yes to the type, condition"),
    pytest.param(
        said(override=category(True), recipient=MUTED), "recipient.conditions", id="any other yes, then a condition"
    ),
    pytest.param(
        said(recipient={**kind(True), **MUTED}), "recipient.conditions", id="yes and a condition on one level"
    ),
    pytest.param(
        said(recipient={"frequency": {"type:sale": DAILY}}, default=OFF), None, id="gathered, where the default is off"
    ),
    pytest.param(
        said(recipient={"frequency": {"channel:sms": DAILY}}, default=OFF),
        "default.frequency.type:sale",
        id="gathered on the channel, where the type is off by default",
    ),
    pytest.param(
        said(recipient={**kind(True), **OFF}), "recipient.frequency.type:sale", id="yes, and off, on one level"
    ),
    pytest.param(
        said(forced={"frequency": {"channel:sms": DAILY}}, recipient=OFF), None, id="a forced frequency beats off"
    ),
]


@pytest.mark.parametrize(("wishes", "expected"), TABLE)
def test_the_table_of_levels(wishes: Wishes, expected: str | None) -> None:
    assert rule(wishes) == expected


def test_an_override_that_is_over_says_nothing() -> None:
    wishes = wishes_among([level_in(channel(False), "override", until=AT, id="1")])

    assert rule(wishes, at=AT - timedelta(microseconds=1)) == "override.channels.sms"
    assert rule(wishes, at=AT) is None


def test_the_newest_override_comes_first() -> None:
    older, newer = (level_in(channel(yes), "override", id=id) for yes, id in ((False, "1"), (True, "2")))

    assert rule(wishes_among([older, newer])) is None
    assert rule(wishes_among([newer, older])) is None


FLIPS = [
    pytest.param(
        said(recipient=category(False)), "set types.sale.sms to true in the recipient's preferences", id="recipient"
    ),
    pytest.param(said(default=kind(False)), "set types.sale.sms to true in the recipient's preferences", id="default"),
    pytest.param(said(forced=channel(False)), "take channels.sms out of what the tenant forces", id="forced"),
    pytest.param(
        wishes_among([level_in(channel(False), "override", until=AT + timedelta(hours=2), id="7")]),
        "take back the override 7, or wait until 2026-11-20 14:00 UTC",
        id="override",
    ),
    pytest.param(
        said(recipient=OFF), "set frequency.type:sale to immediate in the recipient's preferences", id="frequency"
    ),
    pytest.param(
        said(recipient=MUTED),
        "take the condition 'mute data.order ==' out of the recipient's preferences",
        id="condition",
    ),
    pytest.param(
        said(default=MUTED), "set types.sale.sms to true in the recipient's preferences", id="condition of the tenant"
    ),
]


@pytest.mark.parametrize(("wishes", "flip"), FLIPS)
def test_a_refusal_says_what_would_do(wishes: Wishes, flip: str) -> None:
    refusal = judged(wishes, **SALE, data={"order": "7"}, at=AT)

    assert refusal is not None
    assert (refusal.code, refusal.flip) == ("preference_off", flip)


def test_a_refusal_names_level_and_override_and_no_value_of_a_condition() -> None:
    until = AT + timedelta(days=1)
    wishes = wishes_among([level_in(MUTED, "override", until=until, id="7")])

    assert judged(wishes, **SALE, data={"order": "7"}, at=AT) == Refusal(
        "preference_off",
        "override.conditions",
        {"level": "override", "override": "7", "until": until.isoformat(), "condition": "mute data.order =="},
        "take back the override 7, or wait until 2026-11-21 12:00 UTC",
    )


ORDERS = [
    pytest.param(Wishes(), ("sms", "push", "email"), id="nobody said anything"),
    pytest.param(said(recipient={"channel_order": ["email", "chat", "push"]}), ("email", "push", "sms"), id="liked"),
    pytest.param(
        said(override={"channel_order": ["push"]}, recipient={"channel_order": ["email"]}),
        ("push", "sms", "email"),
        id="the strongest level alone",
    ),
    pytest.param(said(default={"channel_order": ["email"]}), ("email", "sms", "push"), id="the tenant's"),
]


@pytest.mark.parametrize(("wishes", "expected"), ORDERS)
def test_channels_that_are_liked_come_first(wishes: Wishes, expected: tuple[str, ...]) -> None:
    assert preferred_order(wishes, ("sms", "push", "email"), at=AT) == expected


NIGHT = {"quiet_hours": [{"from": "11:00", "to": "15:00"}]}  # AT is noon, UTC
LONGER = {"quiet_hours": [{"from": "11:00", "to": "18:00"}]}


@pytest.mark.parametrize(
    ("wishes", "hour"),
    [
        pytest.param(said(default=NIGHT), 15, id="of the tenant"),
        pytest.param(said(recipient=LONGER, default=NIGHT), 18, id="the recipient's own instead"),
        pytest.param(said(recipient={"quiet_hours": []}, default=NIGHT), None, id="the recipient wants none"),
        pytest.param(said(forced=NIGHT, recipient={"quiet_hours": []}), 15, id="forced"),
        pytest.param(said(recipient={"timezone": "Asia/Kolkata"}, default=NIGHT), None, id="on the recipient's clock"),
    ],
)
def test_the_strongest_level_that_speaks_of_quiet_hours_counts(wishes: Wishes, hour: int | None) -> None:
    until = quiet_until(AT, quiet_of(wishes, at=AT), zone=clock_of(wishes, own="UTC", at=AT))

    assert until == (None if hour is None else AT.replace(hour=hour))


@pytest.mark.parametrize(
    ("wishes", "own", "expected"),
    [
        pytest.param(Wishes(), "", "Europe/Paris", id="the installation's"),
        pytest.param(said(default={"timezone": "Asia/Tokyo"}), "", "Asia/Tokyo", id="the tenant's"),
        pytest.param(said(default={"timezone": "Asia/Tokyo"}), "UTC", "UTC", id="the recipient's own"),
        pytest.param(
            said(recipient={"timezone": "Asia/Kolkata"}, default={"timezone": "Asia/Tokyo"}), "UTC", "Asia/Kolkata",
            id="as they say",
        ),
        pytest.param(
            said(override={"timezone": "Asia/Seoul"}, recipient={"timezone": "Asia/Kolkata"}), "UTC", "Asia/Seoul",
            id="as they say for a while",
        ),
    ],
)  # fmt: skip
def test_whose_clock_counts(wishes: Wishes, own: str, expected: str) -> None:
    assert clock_of(wishes, own=own, otherwise="Europe/Paris", at=AT) == expected


CHANNELS, CATEGORIES, TYPES = ("sms", "email"), ("marketing", "security"), ("sale", "order")
YES = st.booleans()
BY_CHANNEL = st.dictionaries(st.sampled_from(CHANNELS), YES, max_size=2)
FREQUENCIES = st.sampled_from([{"mode": "off"}, {"mode": "immediate"}, DAILY])
TESTS = st.fixed_dictionaries(
    {"path": st.just("data.order"), "equals": st.sampled_from(["7", "8"])},
    optional={"type": st.sampled_from(TYPES), "channel": st.sampled_from(CHANNELS)},
)
CONDITIONS = st.one_of(st.builds(lambda t: {"mute": t}, TESTS), st.builds(lambda t: {"only_if": t}, TESTS))
DOCUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "channels": BY_CHANNEL,
        "categories": st.dictionaries(st.sampled_from(CATEGORIES), st.one_of(YES, BY_CHANNEL), max_size=2),
        "types": st.dictionaries(st.sampled_from(TYPES), st.one_of(YES, BY_CHANNEL), max_size=2),
        "frequency": st.dictionaries(
            st.sampled_from(["type:sale", "category:marketing", "channel:sms"]), FREQUENCIES, max_size=3
        ),
        "conditions": st.lists(CONDITIONS, max_size=3),
    },
)
LEVELS = st.dictionaries(st.sampled_from(sorted(RANKS)), DOCUMENTS, max_size=4)
SUBJECTS = st.fixed_dictionaries(
    {
        "channel": st.sampled_from(CHANNELS),
        "category": st.sampled_from(("", *CATEGORIES)),
        "type": st.sampled_from(("", *TYPES)),
        "data": st.sampled_from([{}, {"order": "7"}]),
    }
)
DENIALS = st.one_of(
    st.builds(lambda name: ("channels", name, False), st.sampled_from(CHANNELS)),
    st.builds(lambda name: ("categories", name, False), st.sampled_from(CATEGORIES)),
    st.builds(lambda name: ("types", name, False), st.sampled_from(TYPES)),
    st.builds(lambda name: ("types", name, {"sms": False, "email": False}), st.sampled_from(TYPES)),
    st.builds(lambda name: ("frequency", name, {"mode": "off"}), st.sampled_from(["type:sale", "category:marketing"])),
    st.builds(lambda condition: ("conditions", None, condition), CONDITIONS),
)


def refused(document: dict[str, Any], denial: tuple[str, str | None, Any]) -> dict[str, Any]:
    """The document with a further no in it."""
    part, name, no = denial
    if name is None:
        return {**document, part: [*document.get(part, []), no]}
    return {**document, part: {**document.get(part, {}), name: no}}


@given(LEVELS, st.sampled_from(sorted(RANKS)), DENIALS, SUBJECTS)
def test_a_further_no_never_lets_more_through(
    levels: dict[str, Any], level: str, denial: tuple[str, str | None, Any], subject: dict[str, Any]
) -> None:
    """On every level, the forced one too: what it forces on stays on, but a no added to it only takes away."""
    before = judged(said(**levels), **subject)
    after = judged(said(**{**levels, level: refused(levels.get(level, {}), denial)}), **subject)

    assert before is None or after is not None


@given(LEVELS, SUBJECTS, st.randoms(use_true_random=False))
def test_the_order_of_entries_does_not_matter(levels: dict[str, Any], subject: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            names = list(value)
            random.shuffle(names)
            return {name: shuffled(value[name]) for name in names}
        return random.sample(value, len(value)) if isinstance(value, list) else value

    assert judged(said(**levels), **subject) == judged(said(**shuffled(levels)), **subject)


@given(LEVELS, SUBJECTS)
def test_a_required_category_always_passes(levels: dict[str, Any], subject: dict[str, Any]) -> None:
    security = {**subject, "category": "security"}

    assert judged(said(**levels), **security) is None
    assert frequency_for(said(**levels), type=subject["type"], category="security", channel=subject["channel"]) is None


@given(LEVELS, SUBJECTS)
def test_what_is_forced_on_is_on(levels: dict[str, Any], subject: dict[str, Any]) -> None:
    forced = {"channels": dict.fromkeys(CHANNELS, True)}

    assert judged(said(**{**levels, "forced": forced}), **subject) is None


@given(LEVELS, SUBJECTS)
def test_what_the_flip_of_a_recipients_switch_says_would_do(levels: dict[str, Any], subject: dict[str, Any]) -> None:
    """Nothing refuses any more for a switch of the recipient or of the tenant's defaults; another rule may."""
    before = judged(said(**levels), **subject)
    if before is None or not before.flip.startswith("set types."):
        return
    name = before.flip.split()[1].split(".")
    mine = levels.get("recipient", {})
    choice = mine.get("types", {}).get(name[1])
    by_channel = choice if isinstance(choice, dict) else {}
    changed = {**mine, "types": {**mine.get("types", {}), name[1]: {**by_channel, name[2]: True}}}

    after = judged(said(**{**levels, "recipient": changed}), **subject)

    assert after is None or after.rule != before.rule


EVERYTHING = wishes_among(
    [
        level_in(
            {
                "channels": {"sms": False},
                "categories": {"marketing": {"email": True}, "news": False},
                "types": {"sale": {"push": False}},
                "quiet_hours": [{"days": ["mon", "sun"], "from": "22:00", "to": "07:30"}],
                "timezone": "Europe/Paris",
                "frequency": {"type:sale": {**DAILY, "at": "09:15"}, "type:a": {"mode": "off"}},
                "conditions": [
                    {"mute": {"path": "data.a.b", "op": "in", "value": ["x", 1, 2.5, True]}},
                    {"only_if": {"type": "t", "path": "data.change", "op": ">=", "value": 5}},
                ],
                "channel_order": ["push", "email"],
            },
            "override",
            until=datetime(2026, 12, 1, 8, tzinfo=UTC),
            id="01a1f8ff-8345-72f1-8f36-42278ef4d083",
        ),
        level_in({"quiet_hours": []}),
        level_in({"holidays": {"FR": ["2026-12-25"]}, "frequency": {"channel:sms": {"mode": "immediate"}}}, "default"),
    ]
)


@pytest.mark.parametrize("wishes", [Wishes(), EVERYTHING])
def test_wishes_can_be_stored_and_come_back_as_they_were(wishes: Wishes) -> None:
    stored = msgspec.msgpack.encode(wishes)

    found = msgspec.msgpack.decode(stored, type=Wishes)

    assert found == wishes
    assert msgspec.msgpack.encode(found) == stored


def test_what_comes_back_has_the_types_that_rules_expect() -> None:
    first, second, third = msgspec.msgpack.decode(msgspec.msgpack.encode(EVERYTHING), type=Wishes).levels

    assert first.quiet is not None
    assert (first.quiet[0].begins, first.quiet[0].days) == (time(22), frozenset({0, 6}))
    assert (second.quiet, third.quiet) == ((), None)
    assert third.holidays == {"FR": (date(2026, 12, 25),)}


@given(LEVELS)
def test_any_wishes_judge_the_same_after_storing(levels: dict[str, Any]) -> None:
    wishes = said(**levels)

    assert msgspec.msgpack.decode(msgspec.msgpack.encode(wishes), type=Wishes) == wishes


def test_what_nobody_said_takes_no_room() -> None:
    assert msgspec.msgpack.encode(Wishes()) == b"\x80"
    assert len(msgspec.msgpack.encode(wishes_in({"channels": {"sms": False}}))) < 32


def test_a_level_says_nothing_by_default() -> None:
    assert level_in({}) == Level()
