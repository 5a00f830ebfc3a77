"""What a profile makes of what is already known: a PUT says everything anew, everything else only adds to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET, UnsetType

from audience.values import EndpointFacts, Place, Profile, Said, State

# The two channels that have a field of their own beside `endpoints`.
EMAIL, SMS = "email", "sms"
NOBODY = State()


def merged(before: State, profile: Profile) -> State:
    """What is unspoken stays. `email` and `phone` replace the one there was, `endpoints` and `attributes` are added to,
    an attribute that is `null` is taken away; `endpoints: null` takes away all but e-mail and phone."""
    return State(
        locale=_text(profile.locale, unspoken=before.locale),
        timezone=_text(profile.timezone, unspoken=before.timezone),
        attributes=_attributes(before.attributes, profile.attributes),
        endpoints=_merged_endpoints(before.endpoints, profile),
    )


def replaced(before: State, profile: Profile) -> State:
    """What is unspoken goes. Of an endpoint named again only what is never shown survives: its secret."""
    places: dict[Place, EndpointFacts] = {}
    for channel, address in ((EMAIL, profile.email), (SMS, profile.phone)):
        if isinstance(address, str):
            places[channel, address] = EndpointFacts()
    if isinstance(profile.endpoints, tuple):
        for place, facts in profile.endpoints:
            places[place] = _with_secret(before.endpoints.get(place, EndpointFacts()), facts)
    return State(
        locale=_text(profile.locale, unspoken=""),
        timezone=_text(profile.timezone, unspoken=""),
        attributes=_attributes({}, profile.attributes),
        endpoints=places,
    )


@dataclass(frozen=True, slots=True)
class EndpointChanges:
    """The difference between two states: places to forget, and places to write with their facts."""

    forgotten: frozenset[Place]
    written: Mapping[Place, EndpointFacts]


def endpoint_changes(before: State, after: State) -> EndpointChanges:
    """What to do to the rows of `before` so that they say `after`."""
    return EndpointChanges(
        forgotten=frozenset(before.endpoints.keys() - after.endpoints.keys()),
        written={place: facts for place, facts in after.endpoints.items() if before.endpoints.get(place) != facts},
    )


def _text(given: Said, *, unspoken: str) -> str:
    return unspoken if given is UNSET else given or ""


def _attributes(before: Mapping[str, Any], given: Mapping[str, Any] | UnsetType | None) -> Mapping[str, Any]:
    if given is UNSET:
        return before
    if given is None:
        return {}
    return {key: value for key, value in {**before, **given}.items() if value is not None}


def _merged_endpoints(before: Mapping[Place, EndpointFacts], profile: Profile) -> Mapping[Place, EndpointFacts]:
    places = dict(before)
    for channel, address in ((EMAIL, profile.email), (SMS, profile.phone)):
        if address is UNSET:
            continue
        places = {place: facts for place, facts in places.items() if place[0] != channel or place[1] == address}
        if address is not None:
            places.setdefault((channel, address), EndpointFacts())
    if profile.endpoints is None:
        return {place: facts for place, facts in places.items() if place[0] in (EMAIL, SMS)}
    for place, facts in () if profile.endpoints is UNSET else profile.endpoints:
        old = places.get(place, EndpointFacts())
        new = _with_secret(old, facts)
        places[place] = EndpointFacts(kind=new.kind, label=new.label or old.label, extra=new.extra)
    return places


def _with_secret(old: EndpointFacts, new: EndpointFacts) -> EndpointFacts:
    kept = {"secret": old.extra["secret"]} if "secret" in old.extra else {}
    extra = {key: value for key, value in {**kept, **new.extra}.items() if value is not None}
    return EndpointFacts(kind=new.kind, label=new.label, extra=extra)
