"""Whose clock and whose law count for somebody."""

from uuid import UUID

import pytest
from pytest_django import Settings

from audience.values import Person, Reachable
from orchestrator.services.clocks import place_of, zone_of
from preferences.rules import Jurisdiction, Wishes, level_in, wishes_among

PARIS, TOKYO, NEW_YORK = "Europe/Paris", "Asia/Tokyo", "America/New_York"
OF_TENANT = wishes_among([level_in({"timezone": TOKYO}, "default")])
OF_PERSON = wishes_among([level_in({"timezone": PARIS}), level_in({"timezone": TOKYO}, "default")])


def somebody(timezone: str = "", phone: str = "") -> Person:
    phones = (Reachable(UUID(int=1), "sms", "", phone, "", {}),) if phone else ()
    return Person(UUID(int=7), UUID(int=1), "ana", "", timezone, {}, {"sms": phones})


@pytest.mark.parametrize(
    ("person", "wishes", "expected"),
    [
        pytest.param(None, None, "UTC", id="nobody known"),
        pytest.param(somebody(), OF_TENANT, TOKYO, id="the tenant's"),
        pytest.param(somebody(NEW_YORK), OF_TENANT, NEW_YORK, id="their own"),
        pytest.param(somebody(NEW_YORK), OF_PERSON, PARIS, id="as they say"),
    ],
)
def test_whose_clock_counts(person: Person | None, wishes: Wishes | None, expected: str) -> None:
    assert zone_of(person, wishes) == expected


@pytest.mark.parametrize(
    ("person", "wishes", "expected"),
    [
        pytest.param(None, None, Jurisdiction(), id="nobody known"),
        pytest.param(
            somebody(phone="+12125550123"), OF_TENANT, Jurisdiction("US", (NEW_YORK,)),
            id="the number's clock, whatever the tenant guesses for everybody",
        ),
        pytest.param(
            somebody(PARIS, "+12125550123"), None, Jurisdiction("US", (PARIS,)), id="the number's law, their own clock"
        ),
        pytest.param(somebody(), OF_PERSON, Jurisdiction("FR", (PARIS,)), id="no number: by the zone they say"),
        pytest.param(somebody(), None, Jurisdiction("", ("UTC",)), id="nothing known: the installation's clock"),
    ],
)  # fmt: skip
def test_whose_law_counts(person: Person | None, wishes: Wishes | None, expected: Jurisdiction) -> None:
    assert place_of(person, wishes) == expected


def test_the_installation_has_a_clock_for_everybody_else(settings: Settings) -> None:
    assert zone_of(somebody()) == settings.ORCHESTRATOR.schedule_timezone_default
