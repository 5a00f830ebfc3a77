"""One step after the other, until one has succeeded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from orchestrator.rules.conditions import facts_of, holds
from orchestrator.rules.daytime import seconds_until_open
from orchestrator.rules.faults import word_faults
from orchestrator.rules.step_faults import step_faults
from orchestrator.rules.strategy import Fault, LeftOut, Options, Step, Strategy, strategies

PUSH_FIRST = (
    {"channel": "push", "after_seconds": 0},
    {"channel": "email", "after_seconds": 300},
    {"channel": "sms", "after_seconds": 3300},  # one hour after the push
)
EMAIL_FIRST = (
    {"channel": "email", "after_seconds": 0},
    {"channel": "sms", "after_seconds": 3600},
    {"channel": "push", "after_seconds": 300},
)
OTHERWISE_AFTER_SECONDS = 3600  # a channel that the configuration does not name
NEVER_SOONER_SECONDS = 2_147_483_647  # `on_failure: wait`: a failed step brings nothing forward
WORDS = {"spacing": ("steps", "ttl"), "others": ("last", "never"), "on_failure": ("next", "wait")}  # defaults first
LAST_MOMENT_SECONDS = 60  # with `spacing: ttl` the last step is due so long before the message expires, at the latest


@dataclass(frozen=True, slots=True)
class _Asked:
    """A step that applies to this recipient, before its moment is known."""

    channels: tuple[str, ...]
    after_seconds: int = OTHERWISE_AFTER_SECONDS
    between: tuple[str, str] | None = None
    fallback_after_seconds: int | None = None


class Sequential(Strategy):
    """The next step is due some time after the one before, sooner when that one failed, never when it succeeded.

    An order given in the request wins over the configured one. A step whose condition does not hold, and channels that
    cannot be used, are passed over and cost no time. A channel named by several steps is used in the first that
    applies; channels that no step names come last, unless `others` is `never`.
    """

    key = "sequential"
    kind = "sequential"
    title = "Sequential Fallback"
    draws = False
    defaults: ClassVar[Mapping[str, Any]] = {"steps": PUSH_FIRST, "fallback_after_seconds": 60}
    fields = ("steps", "spacing", "others", "on_failure")

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        asked = _in_order(options, configuration)
        gap = _gap(options, configuration, steps=len(asked))
        patient = configuration.get("on_failure") == "wait"
        moment = 0
        steps: list[Step] = []
        for number, one in enumerate(asked):
            wait = 0 if number == 0 else one.after_seconds if gap is None else gap
            wait += seconds_until_open(
                one.between, at=options.at, after_seconds=moment + wait, timezone=options.timezone
            )
            # What comes forward comes at any hour, so a step that has its part of the day does not.
            fallback = NEVER_SOONER_SECONDS if patient or one.between else one.fallback_after_seconds
            steps.append(Step(one.channels, wait, fallback, one.between))
            moment += wait
        return tuple(steps)

    def left_out(self, options: Options, configuration: Mapping[str, Any]) -> Mapping[str, LeftOut]:
        if configuration.get("others") != "never" and not any("when" in s for s in configuration.get("steps", ())):
            return {}
        used = {channel for one in _in_order(options, configuration) for channel in one.channels}
        named: dict[str, list[int]] = {}
        for number, step in enumerate(configuration.get("steps", ())):
            for channel in _channels(step):
                named.setdefault(channel, []).append(number)
        return {
            channel: LeftOut("condition_not_met", {"steps": ", ".join(map(str, named[channel]))})
            if channel in named
            else LeftOut("not_in_strategy")
            for channel in options.channels
            if channel not in used
        }

    def faults(self, configuration: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().faults(configuration)
        for name, known in WORDS.items():
            yield from word_faults(configuration, name, known=known, default=known[0])
        yield from step_faults(configuration.get("steps"))


class SequentialEmailFirst(Sequential):
    """The same, beginning with e-mail."""

    key = "sequential-email-first"
    title = "Sequential Fallback, e-mail first"
    defaults: ClassVar[Mapping[str, Any]] = {"steps": EMAIL_FIRST, "fallback_after_seconds": 60}


def _in_order(options: Options, configuration: Mapping[str, Any]) -> list[_Asked]:
    """The steps that apply, each with the usable channels that no earlier one has."""
    steps = configuration.get("steps", ())
    named = {channel for step in steps for channel in _channels(step)}
    applying = _applying(steps, options)
    rest = [] if configuration.get("others") == "never" else [c for c in options.channels if c not in named]
    if options.ordered:
        first = {channel: one for one in reversed(applying) for channel in one.channels} | {
            channel: _Asked((channel,)) for channel in rest
        }
        return [_alone(channel, first[channel]) for channel in options.channels if channel in first]
    taken: set[str] = set()
    asked: list[_Asked] = []
    for one in applying:
        channels = tuple(c for c in one.channels if c in options.channels and c not in taken)
        taken.update(channels)
        if channels:
            asked.append(_Asked(channels, one.after_seconds, one.between, one.fallback_after_seconds))
    return asked + [_Asked((channel,)) for channel in rest]


def _applying(steps: Sequence[Mapping[str, Any]], options: Options) -> list[_Asked]:
    facts: Mapping[str, Any] = {}
    if any("when" in step for step in steps):
        facts = facts_of(
            data=options.data,
            meets=options.meets,
            urgency=options.urgency,
            at=options.at,
            timezone=options.timezone,
        )
    return [
        _Asked(
            tuple(dict.fromkeys(_channels(step))),
            step.get("after_seconds", 0),
            tuple(step["between"]) if step.get("between") else None,
            step.get("fallback_after_seconds"),
        )
        for step in steps
        if holds(step.get("when"), facts)
    ]


def _channels(step: Mapping[str, Any]) -> Sequence[str]:
    channels: Sequence[str] = step["channels"] if "channels" in step else (step["channel"],)
    return channels


def _alone(channel: str, one: _Asked) -> _Asked:
    return _Asked((channel,), one.after_seconds, one.between, one.fallback_after_seconds)


def _gap(options: Options, configuration: Mapping[str, Any], *, steps: int) -> int | None:
    """How far apart the steps are when they are spread over the life of the message; `None`: each says so itself."""
    if configuration.get("spacing") != "ttl" or options.expires_at is None or steps < 2:
        return None
    left = (options.expires_at - options.at).total_seconds()
    return max(int(max(left - LAST_MOMENT_SECONDS, left / 2) / (steps - 1)), 0)


SEQUENTIAL = strategies.register(Sequential())
SEQUENTIAL_EMAIL_FIRST = strategies.register(SequentialEmailFirst())
