"""What a preference document must be beyond its shape, and how a change is merged into one: pure."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from audience.rules.places import is_timezone
from preferences.rules import REQUIRED_CATEGORIES


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with one place of a document: the steps that lead there, a stable code, and what would do."""

    path: tuple[str | int, ...]
    code: str
    message: str


def troubles_in(document: Mapping[str, Any], *, channels: Collection[str]) -> tuple[Trouble, ...]:
    """Everything wrong with a document of the right shape. `channels` are the known ones; empty = nobody told."""
    return (
        *_unknown_channels(document, channels),
        *_switched_off(document.get("categories", {})),
        *_places(document),
        *_quiet_hours(document.get("quiet_hours", ())),
        *_frequency(document.get("frequency", {})),
    )


def merged(document: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """JSON merge patch (RFC 7396): objects merge, `null` takes away, everything else replaces."""
    result = dict(document)
    for name, said in change.items():
        if said is None:
            result.pop(name, None)
        elif isinstance(said, Mapping):
            before = result.get(name)
            result[name] = merged(before if isinstance(before, Mapping) else {}, said)
        else:
            result[name] = said
    return result


def _unknown_channels(document: Mapping[str, Any], channels: Collection[str]) -> Iterator[Trouble]:
    named: list[tuple[tuple[str | int, ...], str]] = [
        (("channels", name), name) for name in document.get("channels", {})
    ]
    for part in ("categories", "types"):
        for key, choice in document.get(part, {}).items():
            if isinstance(choice, Mapping):
                named += [((part, key, name), name) for name in choice]
    for subject in document.get("frequency", {}):
        about, _, name = subject.partition(":")
        if about == "channel":
            named.append((("frequency", subject), name))
    for path, name in named:
        if channels and name not in channels:
            yield Trouble(path, "unknown_channel", f"no channel '{name}'; known: {', '.join(channels)}")


def _switched_off(categories: Mapping[str, Any]) -> Iterator[Trouble]:
    for name in REQUIRED_CATEGORIES & categories.keys():
        choice = categories[name]
        if choice is False or (isinstance(choice, Mapping) and False in choice.values()):
            message = f"what belongs to '{name}' cannot be switched off; leave it out"
            yield Trouble(("categories", name), "required_category", message)


def _places(document: Mapping[str, Any]) -> Iterator[Trouble]:
    zone = document.get("timezone")
    if zone is not None and not is_timezone(zone):
        message = f"no time zone {zone[:40]!r}; use an IANA name like Europe/Paris"
        yield Trouble(("timezone",), "unknown_timezone", message)


def _quiet_hours(windows: Collection[Mapping[str, Any]]) -> Iterator[Trouble]:
    for index, window in enumerate(windows):
        if window["from"] == window["to"]:
            message = "begins and ends at the same time; to be left alone all day, switch channels off"
            yield Trouble(("quiet_hours", index), "empty_window", message)


def _frequency(frequency: Mapping[str, Mapping[str, Any]]) -> Iterator[Trouble]:
    for subject, choice in frequency.items():
        path = ("frequency", subject)
        given = choice.keys() - {"mode"}
        if choice["mode"] == "immediate" and given:
            yield Trouble(path, "contradiction", f"immediate leaves no room for {', '.join(sorted(given))}")
        if choice["mode"] == "digest":
            if "every" not in choice:
                yield Trouble((*path, "every"), "required", "a digest needs every: hour, day or week")
            if "on" in choice and choice.get("every") != "week":
                yield Trouble((*path, "on"), "contradiction", "a day of the week is for a digest every week")
            if "at" in choice and choice.get("every") == "hour":
                yield Trouble((*path, "at"), "contradiction", "a time of day is for a digest every day or week")
