"""Whose clock counts for somebody: their own, else everybody's."""

from django.conf import settings

from audience.values import Person


def zone_of(person: Person | None) -> str:
    """The IANA name of a person's time zone; the one that the settings name when none is known."""
    default: str = settings.ORCHESTRATOR.schedule_timezone_default
    return (person.timezone if person else "") or default
