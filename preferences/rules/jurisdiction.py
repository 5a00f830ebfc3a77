"""Which law and which clocks may be those of somebody, by telephone number and time zone. Pure; data of libraries."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from audience.rules.places import is_timezone

MOST_ZONES = 10  # a number that may be anywhere, such as a toll-free one, tells nothing


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """The country whose law counts, "" when unknown, and every zone whose clock may be the recipient's."""

    country: str = ""  # ISO 3166-1 alpha-2
    zones: tuple[str, ...] = ()


def jurisdiction_of(phone: str, *, zone: str = "", otherwise: str = "UTC") -> Jurisdiction:
    """The law of the number's country, else of the zone's; the recipient's own `zone`, else every one of the number.

    `phone` in E.164 or empty; `otherwise` is the clock when nothing tells.
    """
    country, zones = _of_phone(phone) if phone else ("", ())
    return Jurisdiction(country or _country_of(zone), (zone,) if zone else zones or (otherwise,))


@lru_cache(maxsize=10_000)
def _of_phone(phone: str) -> tuple[str, tuple[str, ...]]:
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return "", ()
    zones = tuple(zone for zone in time_zones_for_number(number) if is_timezone(zone))
    return phonenumbers.region_code_for_number(number) or "", zones if len(zones) <= MOST_ZONES else ()


def _country_of(zone: str) -> str:
    return _countries().get(zone, "")


@cache
def _countries() -> Mapping[str, str]:
    """The country of each zone, older names of zones included: zone.tab and the links of tzdata."""
    data = files("tzdata.zoneinfo")
    lines = data.joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    found = {zone: country for country, _, zone, *_ in rows}
    for line in data.joinpath("tzdata.zi").read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "L":
            target, name = rest.split()
            if target in found:
                found.setdefault(name, found[target])
    return found
