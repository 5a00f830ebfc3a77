"""Who may be written to without a further word: the table, and the laws that hold for all tables."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preferences.rules.consent import (
    DEFAULT_REQUIREMENTS,
    EVERY_CHANNEL,
    ConsentRefusal,
    Requirements,
    Said,
    demand_of,
    refused,
)

MONDAY = datetime(2026, 11, 16, 9, tzinfo=UTC)
TUESDAY = MONDAY + timedelta(days=1)

NEWS_BY_MAIL = Requirements(channels={"news": frozenset({"email"})})
NEWS_EVERYWHERE = Requirements(channels={"news": frozenset({EVERY_CHANNEL})})


def consent_refusal(
    *, category: str, purpose: str, channel: str, state: Iterable[Said], requirements: Requirements
) -> ConsentRefusal | None:
    """What planning and sending ask one after the other."""
    demand = demand_of(requirements, category=category, purpose=purpose)
    return refused(demand, channel=channel, state=state) if demand else None


def yes(purpose: str = "marketing", channel: str = "sms", at: datetime = MONDAY) -> Said:
    return Said(purpose, channel, True, at)


def no(purpose: str = "marketing", channel: str = "sms", at: datetime = MONDAY) -> Said:
    return Said(purpose, channel, False, at)


@pytest.mark.parametrize(
    ("category", "purpose", "channel", "state", "requirements", "goes"),
    [
        pytest.param("marketing", "", "sms", (), DEFAULT_REQUIREMENTS, False, id="marketing on SMS needs opt-in"),
        pytest.param("marketing", "", "email", (), DEFAULT_REQUIREMENTS, True, id="on e-mail it does not"),
        pytest.param("orders", "", "sms", (), DEFAULT_REQUIREMENTS, True, id="orders need none"),
        pytest.param("", "", "sms", (), DEFAULT_REQUIREMENTS, True, id="about nothing, needs none"),
        pytest.param("marketing", "", "sms", (yes(),), DEFAULT_REQUIREMENTS, True, id="given"),
        pytest.param("marketing", "", "sms", (no(),), DEFAULT_REQUIREMENTS, False, id="withdrawn"),
        pytest.param("marketing", "", "sms", (yes(channel="email"),), DEFAULT_REQUIREMENTS, False, id="elsewhere"),
        pytest.param("marketing", "", "sms", (yes("news"),), DEFAULT_REQUIREMENTS, False, id="to something else"),
        pytest.param("marketing", "", "sms", (yes(channel="all"),), DEFAULT_REQUIREMENTS, True, id="given for all"),
        pytest.param(
            "marketing", "", "sms", (yes(), no(channel="all", at=TUESDAY)), DEFAULT_REQUIREMENTS, False, id="later no"
        ),
        pytest.param(
            "marketing", "", "sms", (no(channel="all"), yes(at=TUESDAY)), DEFAULT_REQUIREMENTS, True, id="later yes"
        ),
        pytest.param("marketing", "", "sms", (yes(), no(channel="all")), DEFAULT_REQUIREMENTS, False, id="at once: no"),
        pytest.param("marketing", "", "email", (no(channel="email"),), DEFAULT_REQUIREMENTS, False, id="a no is a no"),
        pytest.param("security", "", "sms", (no("security"),), DEFAULT_REQUIREMENTS, True, id="required category"),
        pytest.param("security", "x", "sms", (), DEFAULT_REQUIREMENTS, True, id="required with a purpose"),
        pytest.param("", "partners", "email", (), DEFAULT_REQUIREMENTS, False, id="a named purpose needs consent"),
        pytest.param("", "partners", "push", (yes("partners", "push"),), DEFAULT_REQUIREMENTS, True, id="and gets it"),
        pytest.param("", "news", "push", (), NEWS_BY_MAIL, True, id="named, but demanded elsewhere"),
        pytest.param("", "news", "email", (), NEWS_BY_MAIL, False, id="named and demanded"),
        pytest.param("news", "", "in_app", (), NEWS_EVERYWHERE, False, id="demanded everywhere"),
        pytest.param("marketing", "", "sms", (), NEWS_BY_MAIL, True, id="a tenant may leave the default out"),
        pytest.param(
            "news", "weekly", "email", (yes("news", "email"),), NEWS_BY_MAIL, False, id="purpose, not category"
        ),
        pytest.param("news", "weekly", "email", (yes("weekly", "email"),), NEWS_BY_MAIL, True, id="the purpose's own"),
    ],
)
def test_the_table(
    category: str, purpose: str, channel: str, state: tuple[Said, ...], requirements: Requirements, goes: bool
) -> None:
    found = consent_refusal(category=category, purpose=purpose, channel=channel, state=state, requirements=requirements)

    assert (found is None) is goes


def test_a_refusal_says_what_was_found_and_what_would_do() -> None:
    never = consent_refusal(
        category="marketing", purpose="", channel="sms", state=(), requirements=DEFAULT_REQUIREMENTS
    )
    withdrawn = consent_refusal(
        category="marketing", purpose="", channel="sms", state=(no(),), requirements=DEFAULT_REQUIREMENTS
    )

    assert never == ConsentRefusal("marketing", "sms", None)
    assert never.code == "consent_missing"
    assert never.detail == {"purpose": "marketing", "channel": "sms"}
    assert never.flip == "would send with consent to 'marketing' on sms"
    assert withdrawn is not None
    assert withdrawn.detail == {"purpose": "marketing", "channel": "sms", "withdrawn_at": "2026-11-16T09:00:00+00:00"}


@pytest.mark.parametrize(
    ("category", "purpose", "requirements", "read"),
    [
        pytest.param("orders", "", DEFAULT_REQUIREMENTS, "", id="nobody asks"),
        pytest.param("", "", DEFAULT_REQUIREMENTS, "", id="about nothing"),
        pytest.param("marketing", "", DEFAULT_REQUIREMENTS, "marketing", id="demanded"),
        pytest.param("orders", "", Requirements(spoken_of=frozenset({"orders"})), "orders", id="spoken of"),
        pytest.param("orders", "updates", DEFAULT_REQUIREMENTS, "updates", id="named"),
        pytest.param("marketing", "offers", DEFAULT_REQUIREMENTS, "offers", id="the purpose instead"),
        pytest.param("security", "x", DEFAULT_REQUIREMENTS, "", id="required"),
    ],
)
def test_records_are_read_only_where_they_count(
    category: str, purpose: str, requirements: Requirements, read: str
) -> None:
    demand = demand_of(requirements, category=category, purpose=purpose)

    assert (demand.purpose if demand else "") == read


NAMES = st.sampled_from(["marketing", "news", "orders", ""])
PURPOSES = st.sampled_from(["marketing", "news", "orders"])
CHANNELS = st.sampled_from(["sms", "email", EVERY_CHANNEL])
WORDS = st.lists(
    st.builds(
        Said, PURPOSES, CHANNELS, st.booleans(), st.integers(0, 3).map(lambda hours: MONDAY + timedelta(hours=hours))
    ),
    max_size=6,
)
SPOKEN_OF = frozenset({"marketing", "news", "orders"})  # as soon as somebody said anything about them
REQUIREMENTS = st.builds(
    Requirements, st.dictionaries(PURPOSES, st.frozensets(CHANNELS, min_size=1), max_size=3), st.just(SPOKEN_OF)
)


@given(NAMES, NAMES, st.sampled_from(["sms", "email"]), WORDS, REQUIREMENTS, PURPOSES, CHANNELS)
def test_a_newer_no_never_adds_a_message(
    category: str,
    purpose: str,
    channel: str,
    said: list[Said],
    requirements: Requirements,
    about: str,
    where: str,
) -> None:
    def goes(state: list[Said]) -> bool:
        found = consent_refusal(
            category=category, purpose=purpose, channel=channel, state=state, requirements=requirements
        )
        return found is None

    before, after = goes(said), goes([*said, Said(about, where, False, TUESDAY)])

    assert before or not after
    assert goes(said) is goes(said[::-1])
    if about == (purpose or category) and where in (channel, EVERY_CHANNEL):
        assert not after


@given(NAMES, NAMES, st.sampled_from(["sms", "email"]), WORDS, REQUIREMENTS)
def test_what_is_not_read_refuses_nothing(
    category: str, purpose: str, channel: str, said: list[Said], requirements: Requirements
) -> None:
    spoken_of = Requirements(requirements.channels, frozenset(word.purpose for word in said))
    if demand_of(spoken_of, category=category, purpose=purpose) is None:
        assert not consent_refusal(
            category=category, purpose=purpose, channel=channel, state=said, requirements=spoken_of
        )
