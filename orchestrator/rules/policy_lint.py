"""What will probably not do what was meant, in a strategy and the types that use it: pure.

| Code                | Severity | Found                                                                     |
|---------------------|----------|---------------------------------------------------------------------------|
| `unreachable_step`  | warning  | earlier steps without a condition use all of its channels                 |
| `never_holds`       | warning  | its condition contradicts itself                                          |
| `step_after_expiry` | warning  | with every step before it used it is due after messages of the type expire |
| `digest_too_late`   | warning  | a digest of it may close after its messages expire; they go out at once   |
| `never_open`        | error    | its part of the day and the windows of the type have no minute in common   |
| `words_missing`     | warning  | the template of the type has no words for its channel                     |
| `no_channel`        | error    | of the channels of the type it uses none                                  |
| `forbidden_hours`   | warning  | marketing texts could go out at hours that are forbidden somewhere        |
| `no_opt_out`        | error    | marketing in a category that nobody can switch off                        |

Nothing of this keeps a strategy from being saved: a type may be changed next.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from notifications.rules.policy import DigestPolicy, DigestWindow, SendingWindow
from orchestrator.rules.conditions import alike, is_ordered
from orchestrator.rules.daytime import minutes_of
from preferences.rules.calling_hours import CALLING_HOURS, MARKETING, TEXTS
from preferences.rules.wishes import REQUIRED_CATEGORIES

EVERY_DAY = 24 * 60


class Finding(NamedTuple):
    """One thing that looks wrong. `pointer` is into the configuration; empty when it is about the type alone."""

    pointer: str
    code: str
    severity: Literal["warning", "error"]
    message: str


@dataclass(frozen=True, slots=True)
class TypeInUse:
    """A type whose messages a strategy is for. `spoken`: the channels its template has words for; `None` = it has no
    template. `channels` empty: all."""

    key: str
    category: str = ""
    purpose: str = ""
    ttl_seconds: int = 259_200
    channels: tuple[str, ...] = ()
    windows: tuple[SendingWindow, ...] = ()
    digests: tuple[DigestPolicy, ...] = ()
    spoken: tuple[str, ...] | None = None

    @property
    def markets(self) -> bool:
        return MARKETING in (self.category, self.purpose)


def lint(configuration: Mapping[str, Any], *, types: Sequence[TypeInUse], channels: Sequence[str]) -> Iterator[Finding]:
    """Everything that looks wrong with a configuration that has no faults. `channels` are all there are."""
    steps: Sequence[Mapping[str, Any]] = configuration.get("steps", ())
    used = tuple(channels)
    if steps and configuration.get("others") == "never":
        used = tuple(dict.fromkeys(channel for step in steps for channel in channels_of(step)))
    yield from _steps(steps)
    for type in types:
        if configuration.get("spacing") != "ttl":
            yield from _expiry(steps, type)
        yield from _windows(steps, type)
        yield from _words(steps, type)
        yield from _type(type, used=used)


def channels_of(step: Mapping[str, Any]) -> Sequence[str]:
    """The channels that a step names."""
    channels: Sequence[str] = step["channels"] if "channels" in step else (step["channel"],)
    return channels


def _steps(steps: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    taken: set[str] = set()
    for number, step in enumerate(steps):
        named = set(channels_of(step))
        if named <= taken:
            message = f"earlier steps use {', '.join(sorted(named))} whatever happens; give those a condition"
            yield Finding(f"/steps/{number}", "unreachable_step", "warning", message)
        if step.get("when") and (path := _contradiction(step["when"])):
            message = f"what it asks of {path} cannot be true at once"
            yield Finding(f"/steps/{number}/when", "never_holds", "warning", message)
        if not step.get("when"):
            taken |= named


def _expiry(steps: Sequence[Mapping[str, Any]], type: TypeInUse) -> Iterator[Finding]:
    moment = 0
    for number, step in enumerate(steps):
        moment += step.get("after_seconds", 0) if number else 0
        if moment >= type.ttl_seconds > 0:
            message = f"due {moment} s after the first one; messages of '{type.key}' expire after {type.ttl_seconds} s"
            yield Finding(f"/steps/{number}/after_seconds", "step_after_expiry", "warning", message)
            return


def _windows(steps: Sequence[Mapping[str, Any]], type: TypeInUse) -> Iterator[Finding]:
    if not type.windows:
        return
    open_minutes = set[int]().union(*(_minutes((window.begins, window.ends)) for window in type.windows))
    for number, step in enumerate(steps):
        if (between := step.get("between")) and open_minutes.isdisjoint(_minutes((between[0], between[1]))):
            windows = ", ".join(f"{window.begins} to {window.ends}" for window in type.windows)
            message = f"{between[0]} to {between[1]} is never within the windows of '{type.key}': {windows}"
            yield Finding(f"/steps/{number}/between", "never_open", "error", message)


def _words(steps: Sequence[Mapping[str, Any]], type: TypeInUse) -> Iterator[Finding]:
    if type.spoken is None:
        return
    for number, step in enumerate(steps):
        wanted = [c for c in channels_of(step) if not type.channels or c in type.channels]
        if missing := [channel for channel in wanted if channel not in type.spoken]:
            message = f"the template of '{type.key}' has no words for {', '.join(missing)}; write them, or leave it out"
            yield Finding(f"/steps/{number}", "words_missing", "warning", message)


def _type(type: TypeInUse, *, used: Sequence[str]) -> Iterator[Finding]:
    reached = [channel for channel in used if not type.channels or channel in type.channels]
    if not reached:
        message = f"'{type.key}' uses {', '.join(type.channels)}; this uses {', '.join(used)}"
        yield Finding("", "no_channel", "error", message)
    for digest in type.digests:
        if 0 < type.ttl_seconds <= (longest := _longest(digest.window)):
            message = (
                f"the digest '{digest.name}' of '{type.key}' may close {longest} s after a message came, which expires "
                f"after {type.ttl_seconds} s and so goes out at once; give the type a longer ttl_seconds"
            )
            yield Finding("", "digest_too_late", "warning", message)
    if not type.markets:
        return
    if type.category in REQUIRED_CATEGORIES:
        message = f"'{type.key}' is marketing in the category '{type.category}', which nobody can switch off"
        yield Finding("", "no_opt_out", "error", message)
    texts = [channel for channel in reached if channel in TEXTS and (type.spoken is None or channel in type.spoken)]
    if texts and (found := _forbidden(type)):
        yield Finding("", "forbidden_hours", "warning", f"'{type.key}' may go out by {', '.join(texts)} {found}")


def _longest(window: DigestWindow) -> int:
    """How many seconds a message may be gathered at most."""
    if window.mode == "calendar":
        return {"hour": 3600, "day": EVERY_DAY * 60, "week": 7 * EVERY_DAY * 60}[window.every]
    return window.max_seconds or window.seconds if window.mode == "sliding" else window.seconds


def _forbidden(type: TypeInUse) -> str:
    """Where the windows of a type allow what the law of the place does not; empty: nowhere that we know."""
    if not type.windows:
        return "at any hour where we know no calling hours; give it windows, for example 10:00 to 20:00"
    allowed = set[int]().union(*(_minutes((window.begins, window.ends)) for window in type.windows))
    against = [
        hours.country
        for hours in CALLING_HOURS.values()
        if not allowed <= set[int]().union(*(_minutes((f"{w.begins:%H:%M}", f"{w.ends:%H:%M}")) for w in hours.windows))
    ]
    return f"at hours that are forbidden in {', '.join(sorted(against))}; it waits there" if against else ""


def _minutes(between: tuple[str, str]) -> set[int]:
    """The minutes of a day that lie between two times, over midnight if the first one is later."""
    first, last = (minutes_of(text) for text in between)
    return set(range(first, last)) if first <= last else {*range(first, EVERY_DAY), *range(last)}


def _contradiction(condition: Mapping[str, Any]) -> str:
    """The path of which comparisons that all have to hold ask what cannot be; empty: no such thing was found.

    Only plain comparisons side by side are looked at: what is not found may still never hold.
    """
    wanted: dict[str, list[tuple[str, Any]]] = {}
    for one in condition.get("all", ()):
        if one.get("op") in ("==", "<", "<=", ">", ">=") and one["path"] != "priority":
            wanted.setdefault(one["path"], []).append((one["op"], one["value"]))
    for path, asked in wanted.items():
        if any(_exclude(*one, *other) for one in asked for other in asked):
            return path
    return ""


def _exclude(op: str, value: Any, other_op: str, other: Any) -> bool:
    """Whether no value can be `op` the one and `other_op` the other."""
    if not is_ordered(value) or not is_ordered(other):
        return op == other_op == "==" and bool(value != other)
    if not alike(value, other):
        return True
    if op in ("==", ">", ">=") and other_op in ("==", "<", "<="):
        strict = op == ">" or other_op == "<"
        return bool(value > other or (strict and value == other))
    return False
