"""Read what a body says about a person: everything in normal form, or everything that is wrong with it."""

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from audience.rules.endpoints import GoodEndpoint, read_endpoint
from audience.rules.places import is_timezone, read_locale
from audience.rules.readers import BadAddress, read_email, read_phone
from audience.rules.text import holds_nul, trouble_with_external_id
from audience.values import EndpointFacts, EndpointInput, Fault, Place, Profile, RecipientChange, RecipientInput, Said

MAX_ATTRIBUTES_BYTES = 65_536

Endpoints = tuple[tuple[Place, EndpointFacts], ...]


def read_profile(
    given: RecipientChange, *, external_id: str, pointer: str = "", plain_http: frozenset[str] = frozenset()
) -> Profile | tuple[Fault, ...]:
    """Check and normalise `given`. `pointer` is where it stands in the body; `plain_http` the `host:port` that may do
    without https (EGRESS_ALLOW)."""
    faults: list[Fault] = []
    if trouble := trouble_with_external_id(external_id):
        faults.append(Fault(f"{pointer}/id", "invalid_external_id", trouble))
    profile = Profile(
        external_id=external_id,
        email=_address(given.email, read_email, pointer=f"{pointer}/email", faults=faults),
        phone=_address(given.phone, read_phone, pointer=f"{pointer}/phone", faults=faults),
        locale=_locale(given.locale, pointer=f"{pointer}/locale", faults=faults),
        timezone=_timezone(given.timezone, pointer=f"{pointer}/timezone", faults=faults),
        attributes=given.attributes,
        endpoints=_endpoints(given.endpoints, pointer=f"{pointer}/endpoints", plain_http=plain_http, faults=faults),
    )
    faults += _attribute_faults(given.attributes, pointer=f"{pointer}/attributes")
    return tuple(faults) if faults else profile


def recipient_errors(given: RecipientInput, *, plain_http: frozenset[str] = frozenset()) -> tuple[Fault, ...]:
    """Everything wrong with a person named inside a body; pointers begin at the person: `/email`."""
    read = read_profile(given, external_id=given.id, plain_http=plain_http)
    return () if isinstance(read, Profile) else read


def _address(given: Said, read: Callable[[str], str], *, pointer: str, faults: list[Fault]) -> Said:
    if given is None or given is UNSET:
        return given
    try:
        return read(given)
    except BadAddress as bad:
        faults.append(Fault(pointer, bad.code, bad.message))
        return UNSET


def _locale(given: Said, *, pointer: str, faults: list[Fault]) -> Said:
    if given is None or given is UNSET:
        return given
    locale = read_locale(given)
    if locale is None:
        faults.append(Fault(pointer, "invalid_locale", f"no locale {given[:40]!r}; write it like fr, de-AT or zh-Hant"))
    return locale


def _timezone(given: Said, *, pointer: str, faults: list[Fault]) -> Said:
    if given is None or given is UNSET or is_timezone(given):
        return given
    faults.append(
        Fault(pointer, "unknown_timezone", f"no time zone {given[:40]!r}; use an IANA name like Europe/Paris")
    )
    return UNSET


def _endpoints(
    given: list[EndpointInput] | UnsetType | None, *, pointer: str, plain_http: frozenset[str], faults: list[Fault]
) -> Endpoints | UnsetType | None:
    if given is None or given is UNSET:
        return given
    places: dict[Place, EndpointFacts] = {}
    for index, endpoint in enumerate(given):
        match read_endpoint(endpoint, pointer=f"{pointer}/{index}", plain_http=plain_http):
            case GoodEndpoint(place, facts):
                places[place] = facts
            case found:
                faults += found
    return tuple(places.items())


def _attribute_faults(given: dict[str, Any] | UnsetType | None, *, pointer: str) -> list[Fault]:
    if given is UNSET or not given:
        return []
    if holds_nul(given):
        return [Fault(pointer, "invalid_text", "holds U+0000 somewhere, which cannot be kept; leave it out")]
    size = len(msgspec.json.encode(given))
    if size > MAX_ATTRIBUTES_BYTES:
        return [
            Fault(pointer, "attributes_too_large", f"{size} bytes of JSON; at most {MAX_ATTRIBUTES_BYTES} are kept")
        ]
    return []
