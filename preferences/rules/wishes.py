"""Decide whether somebody wants to hear of something on a channel, and how often: pure.

On one level the most specific word counts:

| Weight | Said about                  | Example                                             |
|--------|-----------------------------|-----------------------------------------------------|
| 5      | the type on the channel     | `"types": {"order_update": {"push": false}}`        |
| 4      | the type                    | `"types": {"order_update": false}`                  |
| 3      | its category on the channel | `"categories": {"marketing": {"email": true}}`      |
| 2      | its category                | `"categories": {"marketing": false}`                |
| 1      | the channel                 | `"channels": {"sms": false}`                        |

Between levels (`levels.py`), the strongest first:

| Said                                      | Against                                          | What counts          |
|-------------------------------------------|--------------------------------------------------|----------------------|
| anything about a required category        |                                                  | yes, it is never off |
| a word of `forced`                        | any word or condition of another level           | the forced word      |
| no                                        | yes on a weaker level                            | no                   |
| yes                                       | no of the same weight or less on a weaker level  | yes                  |
| yes                                       | a weightier no on a weaker level                 | no                   |
| a condition (weight 4) that is not met    | yes of weight 4 or 5 on a stronger level         | yes                  |
| a condition that is not met               | any other yes                                    | no                   |
| frequency `off` (weight 4, 2 or 1)        | a frequency of its weight or more, a level above | the other frequency  |
| frequency `off`                           | anything else                                    | no                   |
| nothing                                   |                                                  | yes                  |

So a tenant's default never outweighs a no of the recipient, and somebody who says yes to e-mail has not asked for the
newsletter that is off by default. A further no never lets more through, on whatever level it is said.

The frequencies other than `off` are not weighed: the strongest level that says anything counts, as with quiet hours,
time zone and order of channels (`standing.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from preferences.rules.conditions import Condition, subjects_in, unmet
from preferences.rules.frequency import Batch, Off, most_specific
from preferences.rules.levels import DEFAULT, FORCED, OVERRIDE, RECIPIENT, Choice, Level, Wishes

PREFERENCE_OFF = "preference_off"
REQUIRED_CATEGORIES = frozenset({"security"})  # a lost password must reach its owner
ON_TYPE = 4  # the weight of a word about a type, and of every condition


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. `rule` names the level and the entry that decided; `flip` is the smallest change that would allow it."""

    code: str
    rule: str
    detail: Mapping[str, Any] = field(default_factory=dict)
    flip: str = ""


@dataclass(frozen=True, slots=True)
class _Subject:
    """What would be sent, and where."""

    channel: str
    category: str
    type: str
    data: Mapping[str, Any]

    @property
    def entry(self) -> str:
        """The entry of a document that is about this and as little else as can be."""
        if self.type:
            return f"types.{self.type}.{self.channel}"
        return f"categories.{self.category}.{self.channel}" if self.category else f"channels.{self.channel}"


@dataclass(frozen=True, slots=True)
class _Word:
    yes: bool
    weight: int
    entry: str


def judged(
    wishes: Wishes,
    *,
    channel: str,
    category: str = "",
    type: str = "",
    data: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Refusal | None:
    """Why `channel` is not to be used for this message; `None`: it may be. Overrides that are over at `at` say nothing.

    `data` is what the notification holds, the recipient's own included. A digest is refused when all its items are.
    """
    if not wishes.levels or category in REQUIRED_CATEGORIES:
        return None
    refusal = None
    for said in subjects_in(data or {}):
        refusal = _judged(wishes, _Subject(channel, category, type, said), at=at)
        if refusal is None:
            return None
    return refusal


def frequency_for(
    wishes: Wishes, *, type: str = "", category: str = "", channel: str = "", at: datetime | None = None
) -> Batch | Off | None:
    """How often somebody wants to hear of this: gathered, never, or (`None`) at once.

    Overrides that are over at `at` say nothing. What belongs to a required category is never gathered.
    """
    if category in REQUIRED_CATEGORIES:
        return None
    subject = _Subject(channel, category, type, {})
    if _off(_heard(wishes, subject, at=at), subject):
        return Off()
    for level in wishes.in_force(at):
        found = most_specific(level.frequency, type=type, category=category, channel=channel)
        if found and not isinstance(found[0], Off):
            return found[0] if isinstance(found[0], Batch) else None
    return None


def _judged(wishes: Wishes, subject: _Subject, *, at: datetime | None) -> Refusal | None:
    overruled = 0  # a no of this weight or less was overruled by a stronger level
    heard = _heard(wishes, subject, at=at)
    for level in heard:
        word = _said(level, subject)
        if word and not word.yes and word.weight > overruled:
            return _refused(level, word.entry, subject)
        if overruled < ON_TYPE and (condition := _unmet(level, subject)):
            return _conditional(level, condition, subject)
        if word and word.yes:
            overruled = max(overruled, word.weight)
    off = _off(heard, subject)
    return _refused(off[0], f"frequency.{off[1]}", subject) if off else None


def _heard(wishes: Wishes, subject: _Subject, *, at: datetime | None) -> tuple[Level, ...]:
    """The levels that have a say in whether: where a yes is forced, that one alone."""
    levels = tuple(wishes.in_force(at))
    if levels and levels[0].name == FORCED and (word := _said(levels[0], subject)) and word.yes:
        return levels[:1]
    return levels


def _said(level: Level, subject: _Subject) -> _Word | None:
    """The most specific word of a level."""
    for part, choices, name, weight in (
        ("types", level.types, subject.type, 4),
        ("categories", level.categories, subject.category, 2),
    ):
        choice: Choice | None = choices.get(name) if name else None
        if isinstance(choice, Mapping):
            if (yes := choice.get(subject.channel)) is not None:
                return _Word(yes, weight + 1, f"{part}.{name}.{subject.channel}")
        elif choice is not None:
            return _Word(choice, weight, f"{part}.{name}")
    yes = level.channels.get(subject.channel)
    return None if yes is None else _Word(yes, 1, f"channels.{subject.channel}")


def _off(levels: Sequence[Level], subject: _Subject) -> tuple[Level, str] | None:
    """The level and the subject of the frequency `off` that counts."""
    overruled = 0
    for level in levels:
        found = most_specific(level.frequency, type=subject.type, category=subject.category, channel=subject.channel)
        if found is None:
            continue
        frequency, weight, about = found
        if not isinstance(frequency, Off):
            if level.name == FORCED:
                return None
            overruled = max(overruled, weight)
        elif weight > overruled:
            return level, about
    return None


def _unmet(level: Level, subject: _Subject) -> Condition | None:
    if not level.conditions:
        return None
    return unmet(
        level.conditions, type=subject.type, category=subject.category, channel=subject.channel, data=subject.data
    )


def _refused(level: Level, entry: str, subject: _Subject) -> Refusal:
    instead = f"{subject.entry} to true"
    if entry.startswith("frequency."):
        instead = f"{f'frequency.type:{subject.type}' if subject.type else entry} to immediate"
    return Refusal(PREFERENCE_OFF, f"{level.name}.{entry}", _detail(level), _flip(level, entry, instead))


def _conditional(level: Level, condition: Condition, subject: _Subject) -> Refusal:
    what = f"the condition '{condition}'"
    flip = _flip(level, what, f"{subject.entry} to true")
    if level.name == RECIPIENT:
        flip = f"take {what} out of the recipient's preferences"
    elif level.name == DEFAULT and not subject.type:
        flip = f"take {what} out of the tenant's defaults"
    return Refusal(PREFERENCE_OFF, f"{level.name}.conditions", {**_detail(level), "condition": str(condition)}, flip)


def _detail(level: Level) -> dict[str, Any]:
    detail: dict[str, Any] = {"level": level.name}
    if level.id:
        detail["override"] = level.id
    if level.until:
        detail["until"] = level.until.isoformat()
    return detail


def _flip(level: Level, what: str, instead: str) -> str:
    """The change that would do; `instead` is what the recipient can say."""
    if level.name == FORCED:
        return f"take {what} out of what the tenant forces"
    if level.name == OVERRIDE:
        return f"take back the override {level.id}" + (
            f", or wait until {level.until:%Y-%m-%d %H:%M} UTC" if level.until else ""
        )
    return f"set {instead} in the recipient's preferences"
