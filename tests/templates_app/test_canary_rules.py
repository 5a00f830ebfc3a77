"""Who gets new words first, and when figures speak against them: the laws, by property and by simulation."""

from datetime import UTC, datetime, timedelta
from math import sqrt
from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.models import Canary
from templates_app.rules.canary import HARMS, MOVES, Tally, Terms, Verdict, evidence, gets_canary, judge
from templates_app.rules.offers import Offer, Tier, Trial
from templates_app.values import Chosen

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
TEMPLATE, VERSION, BEFORE = UUID(int=1), UUID(int=2), UUID(int=3)
percents = st.integers(1, 99)


@given(recipient=st.uuids(), fewer=percents, more=percents)
def test_who_is_among_the_first_stays_so_when_there_are_more(recipient: UUID, fewer: int, more: int) -> None:
    fewer, more = sorted((fewer, more))

    assert gets_canary(TEMPLATE, VERSION, recipient, percent=fewer) <= gets_canary(
        TEMPLATE, VERSION, recipient, percent=more
    )


@pytest.mark.parametrize("percent", [1, 5, 50, 99])
def test_the_share_is_what_was_asked(percent: int) -> None:
    people = [UUID(int=number) for number in range(20_000)]

    share = sum(gets_canary(TEMPLATE, VERSION, one, percent=percent) for one in people) / len(people)

    assert share == pytest.approx(percent / 100, abs=0.011)


def test_other_versions_go_to_other_people_first() -> None:
    people = [UUID(int=number) for number in range(5_000)]
    one = {p for p in people if gets_canary(TEMPLATE, VERSION, p, percent=10)}
    other = {p for p in people if gets_canary(TEMPLATE, BEFORE, p, percent=10)}

    assert len(one & other) / len(one) == pytest.approx(0.1, abs=0.04)


def _stopped_at(seed: int, *, percent: int, ratio: float, people: int, alpha: float) -> int | None:
    """How many people harm came to before the test says stop; looked at after each of them."""
    random, share = Random(seed), percent / 100
    chance = ratio * share / (1 - share + ratio * share)
    new = old = 0
    for number in range(people):
        new, old = (new + 1, old) if random.random() < chance else (new, old + 1)
        (weight,) = evidence([Tally("bounced", percent, new, old)]).values()
        if weight >= 1 / alpha:
            return number + 1
    return None


@pytest.mark.parametrize("percent", [5, 30])
def test_words_that_are_no_worse_are_stopped_no_more_often_than_was_said(percent: int) -> None:
    runs, alpha = 300, 0.1

    stopped = sum(
        _stopped_at(seed, percent=percent, ratio=1, people=250, alpha=alpha) is not None for seed in range(runs)
    )

    assert stopped / runs <= alpha + 2 * sqrt(alpha * (1 - alpha) / runs)


def test_words_that_are_better_are_hardly_ever_stopped() -> None:
    assert not any(_stopped_at(seed, percent=30, ratio=0.7, people=250, alpha=0.01) for seed in range(100))


@pytest.mark.parametrize(("percent", "ratio", "most"), [(5, 5, 150), (5, 30, 25), (50, 5, 40)])
def test_words_that_are_worse_are_found_out_soon(percent: int, ratio: float, most: int) -> None:
    alpha = 0.01 / len(HARMS)

    found = [_stopped_at(seed, percent=percent, ratio=ratio, people=500, alpha=alpha) for seed in range(40)]

    assert None not in found
    assert sorted(found)[20] <= most  # type: ignore[type-var]


@given(
    st.lists(st.tuples(percents, st.booleans()), max_size=30),
    st.permutations(range(30)),
)
def test_neither_the_order_nor_the_looks_change_the_evidence(seen: list[tuple[int, bool]], order: list[int]) -> None:
    tallies = [Tally("bounced", percent, int(new), int(not new)) for percent, new in seen]
    shuffled = [tallies[number] for number in order if number < len(tallies)]

    assert evidence(tallies) == pytest.approx(evidence(shuffled))


@given(percent=percents, new=st.integers(0, 40), old=st.integers(0, 40))
def test_the_evidence_is_a_fair_bet_against_words_that_are_no_worse(percent: int, new: int, old: int) -> None:
    here, share = Tally("bounced", percent, new, old), percent / 100
    (now,) = evidence([here]).values()
    (if_new,) = evidence([Tally("bounced", percent, new + 1, old)]).values()
    (if_old,) = evidence([Tally("bounced", percent, new, old + 1)]).values()

    assert share * if_new + (1 - share) * if_old == pytest.approx(now)


@pytest.mark.parametrize(
    ("tallies", "deliveries", "minutes", "held", "promote", "ends"),
    [
        pytest.param([], 500, 60, False, True, "promoted", id="enough of both"),
        pytest.param([], 499, 60, False, True, None, id="too few"),
        pytest.param([], 500, 59, False, True, None, id="too soon"),
        pytest.param([], 500, 60, False, False, None, id="a person decides"),
        pytest.param([Tally("bounced", 5, 3, 60)], 500, 60, False, True, "promoted", id="as with the words before"),
        pytest.param([Tally("render_error", 5, 4, 0)], 4, 0, False, True, "rolled_back", id="at once when it is plain"),
        pytest.param([Tally("render_error", 5, 1, 0)], 1, 0, False, True, None, id="one says nothing"),
        pytest.param([Tally("complained", 50, 30, 2)], 9, 1, False, False, "rolled_back", id="stopped by itself"),
        pytest.param([], 500, 60, True, True, "rolled_back", id="held back"),
    ],
)
def test_when_a_canary_ends(
    tallies: list[Tally], deliveries: int, minutes: int, held: bool, promote: bool, ends: str | None
) -> None:
    found = judge(
        tallies,
        terms=Terms(promote=promote),
        deliveries=deliveries,
        started_at=AT - timedelta(minutes=minutes),
        held_back=held,
        at=AT,
    )

    assert found.ends == ends


def test_a_great_many_people_are_a_number_still() -> None:
    found = judge([Tally("bounced", 1, 100_000, 0)], terms=Terms(), deliveries=1, started_at=AT, held_back=False, at=AT)

    assert (found.ends, found.harm) == ("rolled_back", "bounced")
    assert isinstance(found, Verdict)


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(Canary.State.values)
    assert {state for state, moves in MOVES.items() if not moves} == set(MOVES) - {"running"}
    assert all(moves <= set(MOVES) for moves in MOVES.values())


def test_only_those_among_the_first_get_the_trial_and_only_where_it_has_words() -> None:
    trial = Trial(TEMPLATE, VERSION, {"email": ("",)}, percent=50)
    offer = Offer((Tier(BEFORE, {"email": ("", "de"), "sms": ("",)}, trial=trial),))
    (first,) = [p for p in map(UUID, _ids()) if gets_canary(TEMPLATE, VERSION, p, percent=50)][:1]
    (other,) = [p for p in map(UUID, _ids()) if not gets_canary(TEMPLATE, VERSION, p, percent=50)][:1]

    assert offer.choose("email", locale="de", recipient_id=first) == Chosen(VERSION, "")
    assert offer.choose("email", locale="de", recipient_id=other) == Chosen(BEFORE, "de")
    assert offer.choose("sms", locale="de", recipient_id=first) == Chosen(BEFORE, "")
    assert offer.choose("email", locale="de") == Chosen(BEFORE, "de")


def _ids() -> list[str]:
    return [str(UUID(int=number)) for number in range(64)]
