"""What somebody chose in the preference centre: read as typed, judged, and turned into what it changes. Pure.

Only what differs from how things stand is changed, so that what nobody touched goes on being inherited.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audience.rules.places import is_timezone
from preferences.pages.centre_choice import choice, frequency_choice
from preferences.pages.centre_look import Agreement, Centre, Pair, Switch, window_in_words
from preferences.pages.centre_words import LANGUAGE_NAMES
from preferences.rules import Batch
from preferences.rules.quiet_hours import DAYS
from preferences.topics import Topic

MOST_WINDOWS = 10
OFTEN = ("now", "hour", "day", "week")

Fields = Mapping[str, Sequence[str]]  # a form as a browser sends it

_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, slots=True)
class Quiet:
    """A period as it was typed; empty times leave it out."""

    begins: str = ""
    ends: str = ""
    days: tuple[str, ...] = DAYS


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the form holds, as typed."""

    on: frozenset[Pair]
    agreed: frozenset[Pair]
    often: Mapping[str, str]  # by topic: now, hour, day, week
    gather_at: str
    gather_on: str
    quiet: tuple[Quiet, ...]
    language: str
    timezone: str
    nothing: bool = False  # what is off already is said to be off, too


@dataclass(frozen=True, slots=True)
class Changes:
    """What saving does: a merge patch of the document, switches to lift bans for, consents that changed, the person."""

    document: Mapping[str, Any]
    come_back: tuple[Switch, ...]
    agreements: tuple[tuple[Agreement, bool], ...]
    language: str | None = None  # None = as it was
    timezone: str | None = None


def as_it_stands(centre: Centre) -> Choices:
    """The form as a look finds it."""
    gathered = next((batch for batch in centre.often.values() if batch and batch.every != "hour"), Batch("day"))
    return Choices(
        on=frozenset(switch.pair for switch in _switches(centre) if switch.on),
        agreed=frozenset(agreement.pair for agreement in centre.agreements if agreement.given),
        often={about: batch.every if batch else "now" for about, batch in centre.often.items()},
        gather_at=gathered.at,
        gather_on=gathered.on,
        quiet=tuple(
            Quiet(words["from"], words["to"], tuple(words["days"])) for words in map(window_in_words, centre.quiet)
        ),
        language=centre.person.locale,
        timezone=centre.zone,
    )


def as_typed(fields: Fields, centre: Centre) -> Choices:
    """The form as it was sent; what is locked stays as it stands, and what nobody offered is left out."""
    before = as_it_stands(centre)
    on, agreed = _pairs(fields.get("on", ())), _pairs(fields.get("agree", ()))
    locked = frozenset(switch.pair for switch in _switches(centre) if switch.locked)
    free = frozenset(switch.pair for switch in _switches(centre)) - locked
    return Choices(
        on=(on & free) | (before.on & locked),
        agreed=agreed & frozenset(agreement.pair for agreement in centre.agreements),
        often={
            about: every if about in centre.often_locked else _word(fields, f"often-{number}") or every
            for number, (about, every) in enumerate(before.often.items())
        },
        gather_at=_word(fields, "gather_at") or before.gather_at,
        gather_on=_word(fields, "gather_on") or before.gather_on,
        quiet=before.quiet if centre.quiet_locked else tuple(_typed_quiet(fields)),
        language=_word(fields, "language"),
        timezone=_word(fields, "timezone") or before.timezone,
    )


def all_off(choices: Choices, centre: Centre) -> Choices:
    """The same, without anything that can be done without."""
    kept = frozenset(switch.pair for switch in _switches(centre) if switch.locked)
    return replace(choices, on=choices.on & kept, agreed=frozenset(), nothing=True)


def faults_in(choices: Choices, centre: Centre) -> dict[str, str]:
    """What is wrong, by the field beside which it is told, as the key of the words that tell it."""
    faults: dict[str, str] = {}
    for number, window in enumerate(choices.quiet):
        if (window.begins or window.ends) and (fault := _fault_of(window)):
            faults[f"quiet-{number}"] = fault
    if not is_timezone(choices.timezone):
        faults["timezone"] = "error_timezone"
    if choices.language not in (*LANGUAGE_NAMES, centre.person.locale):
        faults["language"] = "error_language"
    if not _TIME.fullmatch(choices.gather_at):
        faults["gather_at"] = "error_time"
    if choices.gather_on not in DAYS:
        faults["gather_on"] = "error_often"
    for number, every in enumerate(choices.often.values()):
        if every not in OFTEN:
            faults[f"often-{number}"] = "error_often"
    return faults


def changes_of(choices: Choices, centre: Centre) -> Changes:
    """What choices without faults change."""
    before = as_it_stands(centre)
    change: dict[str, Any] = {}
    come_back: list[Switch] = []
    topics = {topic.about: topic for topic in centre.topics}
    for switch in _switches(centre):
        wanted = switch.pair in choices.on
        if switch.locked or (wanted == switch.on and not choices.nothing):
            continue
        change = _and(change, choice(topics[switch.about], switch.channel, yes=wanted, document=centre.document))
        if wanted:
            come_back.append(switch)
    for topic in centre.topics:
        change = _and(change, _often(topic, choices, before, centre, woken=_woken(topic, come_back)))
    agreements = tuple(
        (agreement, agreement.pair in choices.agreed)
        for agreement in centre.agreements
        if agreement.given != (agreement.pair in choices.agreed)
    )
    for agreement, given in agreements:
        if given and agreement.about and (agreement.about, agreement.channel) not in before.on:
            topic = topics[agreement.about]
            change = _and(change, choice(topic, agreement.channel, yes=True, document=centre.document))
    if not centre.quiet_locked and _windows(choices) != _windows(before):
        change = _and(change, {"quiet_hours": _windows(choices)})
    zone = choices.timezone if choices.timezone != before.timezone else None
    if zone:
        change = _and(change, {"timezone": zone})
    language = choices.language if choices.language != before.language else None
    return Changes(change, tuple(come_back), agreements, language=language, timezone=zone)


def _switches(centre: Centre) -> Iterator[Switch]:
    return (switch for switches in centre.switches.values() for switch in switches)


def _pairs(values: Sequence[str]) -> frozenset[Pair]:
    return frozenset((about, channel) for about, _, channel in (value.rpartition("|") for value in values))


def _word(fields: Fields, name: str) -> str:
    return next(iter(fields.get(name, ())), "").strip()[:100]


def _typed_quiet(fields: Fields) -> Iterator[Quiet]:
    for number in range(MOST_WINDOWS):
        begins, ends = (_word(fields, f"quiet-{number}-{end}")[:20] for end in ("from", "to"))
        if begins or ends:
            days = fields.get(f"quiet-{number}-days", ())
            yield Quiet(begins, ends, tuple(day for day in DAYS if day in days))


def _fault_of(window: Quiet) -> str:
    if not (window.begins and window.ends):
        return "error_both"
    if not (_TIME.fullmatch(window.begins) and _TIME.fullmatch(window.ends)):
        return "error_time"
    if window.begins == window.ends:
        return "error_same"
    return "" if window.days else "error_days"


def _windows(choices: Choices) -> list[dict[str, Any]]:
    return [{"days": list(one.days), "from": one.begins, "to": one.ends} for one in choices.quiet]


def _often(topic: Topic, choices: Choices, before: Choices, centre: Centre, *, woken: bool) -> dict[str, Any]:
    """The change of how often, if it is one. What was never to be heard of and is switched on is told as chosen."""
    if topic.about in centre.often_locked:
        return {}
    every, batch = choices.often[topic.about], centre.often[topic.about]
    moved = every in ("day", "week") and (choices.gather_at, choices.gather_on) != (before.gather_at, before.gather_on)
    never = centre.document.get("frequency", {}).get(topic.about, {}).get("mode") == "off"
    if every == (batch.every if batch else "now") and not moved and not (woken and never):
        return {}
    return frequency_choice(topic, every, at=choices.gather_at, on=choices.gather_on)


def _woken(topic: Topic, come_back: Sequence[Switch]) -> bool:
    return any(switch.about == topic.about for switch in come_back)


def _and(change: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Two merge patches as one; unlike in a document, null stays: it takes away."""
    result = dict(change)
    for name, said in more.items():
        before = result.get(name)
        result[name] = _and(before, said) if isinstance(before, Mapping) and isinstance(said, Mapping) else said
    return result
