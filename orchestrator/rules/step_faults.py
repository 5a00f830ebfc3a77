"""What is wrong with the steps of a sequence as they were written: pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.rules.conditions import condition_faults
from orchestrator.rules.daytime import is_time_of_day
from orchestrator.rules.faults import Fault, name_faults, number_faults
from orchestrator.rules.strategy import LONGEST_FALLBACK_SECONDS, LONGEST_WAIT_SECONDS

MOST_STEPS = 20
STEP_FIELDS = ("channel", "channels", "after_seconds", "fallback_after_seconds", "when", "between")


def step_faults(steps: Any) -> Iterator[Fault]:
    """Everything that is wrong with `steps`."""
    if not isinstance(steps, list | tuple) or not 0 < len(steps) <= MOST_STEPS:
        example = '[{"channel": "email", "after_seconds": 0}]'
        yield Fault("/steps", "required", f"give steps, for example {example}; at most {MOST_STEPS}")
        return
    for number, step in enumerate(steps):
        below = f"/steps/{number}"
        if not isinstance(step, Mapping):
            yield Fault(below, "bad_step", f"step {step!r:.80} is no object with a channel")
        else:
            yield from _faults_of_one(step, below=below)


def _faults_of_one(step: Mapping[str, Any], *, below: str) -> Iterator[Fault]:
    yield from name_faults(step, known=STEP_FIELDS, below=below)
    yield from _channel_faults(step, below=below)
    yield from number_faults(step, "after_seconds", least=0, most=LONGEST_WAIT_SECONDS, below=below)
    yield from number_faults(step, "fallback_after_seconds", least=0, most=LONGEST_FALLBACK_SECONDS, below=below)
    if "when" in step:
        yield from condition_faults(step["when"], below=f"{below}/when")
    between = step.get("between", ("00:00", "24:00"))
    if not isinstance(between, list | tuple) or len(between) != 2 or not all(map(is_time_of_day, between)):
        message = f'between is {between!r:.80}; give two times of day, for example ["09:00", "20:00"]'
        yield Fault(f"{below}/between", "bad_window", message)
    elif between[0] == between[1]:
        yield Fault(f"{below}/between", "empty_window", "begins and ends at the same time; leave it out for all day")


def _channel_faults(step: Mapping[str, Any], *, below: str) -> Iterator[Fault]:
    if ("channel" in step) == ("channels" in step):
        yield Fault(below, "bad_step", 'a step has either a "channel" or a list of "channels"')
        return
    name = "channel" if "channel" in step else "channels"
    channels = [step[name]] if name == "channel" else step[name]
    if not isinstance(channels, list | tuple) or not channels or not all(isinstance(c, str) and c for c in channels):
        yield Fault(f"{below}/{name}", "bad_step", f"{name} is {step[name]!r:.80}; name channels, such as email")
    elif len(set(channels)) < len(channels):
        yield Fault(f"{below}/{name}", "duplicate", "names a channel twice; once will do")
