"""Whose clock and whose law count for somebody: their own, else everybody's."""

from datetime import datetime

from django.conf import settings

from audience.values import Person
from orchestrator.rules.situation import NOBODY
from preferences.rules import Jurisdiction, Wishes, clock_of, jurisdiction_of, own_clock_of


def zone_of(person: Person | None, wishes: Wishes | None = None, *, at: datetime | None = None) -> str:
    """The IANA name of the zone on whose clock a person lives: as they say, else as we know, else as the tenant says,
    else the one that the settings name."""
    default: str = settings.ORCHESTRATOR.schedule_timezone_default
    if wishes is None:
        return person.timezone or default if person else default
    return clock_of(wishes, own=person.timezone if person else "", otherwise=default, at=at)


def place_of(person: Person | None, wishes: Wishes | None = None, *, at: datetime | None = None) -> Jurisdiction:
    """Where a person is, by their newest telephone number and their own clock."""
    if person is None:
        return Jurisdiction()
    phones = person.endpoints.get("sms", ())
    own = own_clock_of(wishes or NOBODY, own=person.timezone, at=at)
    default: str = settings.ORCHESTRATOR.schedule_timezone_default
    return jurisdiction_of(phones[0].address if phones else "", zone=own, otherwise=default)
