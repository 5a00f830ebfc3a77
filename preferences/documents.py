"""What a preference document must be beyond its shape, and how a change is merged into one: pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audience.rules.places import is_timezone
from preferences.rules.conditions import ORDERINGS
from preferences.rules.wishes import REQUIRED_CATEGORIES


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
        *_conditions(document.get("conditions", ())),
        *_order(document.get("channel_order", ())),
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
    for path, name in _channels_named(document):
        if channels and name not in channels:
            yield Trouble(path, "unknown_channel", f"no channel '{name}'; known: {', '.join(channels)}")


def _channels_named(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every channel that a document names, and where."""
    for name in document.get("channels", {}):
        yield ("channels", name), name
    for part in ("categories", "types"):
        for key, choice in document.get(part, {}).items():
            for name in choice if isinstance(choice, Mapping) else ():
                yield (part, key, name), name
    for subject in document.get("frequency", {}):
        if subject.startswith("channel:"):
            yield ("frequency", subject), subject.removeprefix("channel:")
    for index, name in enumerate(document.get("channel_order", ())):
        yield ("channel_order", index), name
    yield from _channels_of_conditions(document.get("conditions", ()))


def _channels_of_conditions(
    conditions: Collection[Mapping[str, Any]],
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for index, condition in enumerate(conditions):
        for form, test in condition.items():
            if "channel" in test:
                yield ("conditions", index, form, "channel"), test["channel"]


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
        if choice["mode"] != "digest" and given:
            yield Trouble(path, "contradiction", f"{choice['mode']} leaves no room for {', '.join(sorted(given))}")
        if choice["mode"] == "off" and subject.removeprefix("category:") in REQUIRED_CATEGORIES:
            yield Trouble(path, "required_category", f"'{subject}' cannot be switched off; leave it out")
        if choice["mode"] == "digest":
            if "every" not in choice:
                yield Trouble((*path, "every"), "required", "a digest needs every: hour, day or week")
            if "on" in choice and choice.get("every") != "week":
                yield Trouble((*path, "on"), "contradiction", "a day of the week is for a digest every week")
            if "at" in choice and choice.get("every") == "hour":
                yield Trouble((*path, "at"), "contradiction", "a time of day is for a digest every day or week")


def _conditions(conditions: Collection[Mapping[str, Any]]) -> Iterator[Trouble]:
    for index, condition in enumerate(conditions):
        here = ("conditions", index)
        if len(condition) != 1:
            yield Trouble(here, "contradiction", "give either mute or only_if; several conditions are several entries")
        for form, test in condition.items():
            if trouble := _test(test):
                name, code, message = trouble
                yield Trouble((*here, form, name), code, message)


def _test(test: Mapping[str, Any]) -> tuple[str, str, str] | None:
    """(field, code, message) of the first thing wrong with a test."""
    if "equals" in test:
        if beside := [name for name in ("op", "value") if name in test]:
            return (
                beside[0],
                "contradiction",
                f"beside equals; give equals, or op and value, found {', '.join(beside)} too",
            )
        return None
    if missing := [name for name in ("op", "value") if name not in test]:
        return missing[0], "required", "give equals, or op and value"
    op, value = test["op"], test["value"]
    if op in ORDERINGS and (isinstance(value, bool) or not isinstance(value, int | float)):
        return "value", "invalid_type", f"{op} compares numbers; give one"
    if (op == "in") is not isinstance(value, list):
        return (
            "value",
            "invalid_type",
            "in takes a list of values" if op == "in" else f"{op} takes one value, not a list",
        )
    return None


def _order(channels: Sequence[str]) -> Iterator[Trouble]:
    for index, name in enumerate(channels):
        if name in channels[:index]:
            yield Trouble(("channel_order", index), "duplicate", f"'{name}' is there twice; name each channel once")
