"""One channel after the other, until one has succeeded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.rules.strategy import Fault, Options, Step, Strategy, strategies

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


class Sequential(Strategy):
    """The next channel is due some time after the one before, sooner when that one failed, never when it succeeded.

    An order given in the request wins over the configured one. Channels that cannot be used are passed over and cost no
    time; channels that the configuration does not name come last.
    """

    key = "sequential"
    kind = "sequential"
    title = "Sequential Fallback"
    defaults: ClassVar[Mapping[str, Any]] = {"steps": PUSH_FIRST, "fallback_after_seconds": 60}

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        waits = {step["channel"]: step.get("after_seconds", 0) for step in configuration.get("steps", ())}
        configured = [channel for channel in waits if channel in options.channels]
        rest = [channel for channel in options.channels if channel not in waits]
        order = options.channels if options.ordered else (*configured, *rest)
        return tuple(
            Step((channel,), waits.get(channel, OTHERWISE_AFTER_SECONDS) if position else 0)
            for position, channel in enumerate(order)
        )

    def faults(self, configuration: Mapping[str, Any]) -> Iterator[Fault]:
        yield from super().faults(configuration)
        steps = configuration.get("steps")
        if not isinstance(steps, list | tuple) or not steps:
            yield Fault("/steps", "required", 'give steps, for example [{"channel": "email", "after_seconds": 0}]')
            return
        for number, step in enumerate(steps):
            wait = step.get("after_seconds", 0) if isinstance(step, Mapping) else None
            if not isinstance(wait, int) or wait < 0 or not isinstance(step.get("channel"), str):
                message = f"step {step!r} needs a channel and after_seconds of 0 or more"
                yield Fault(f"/steps/{number}", "bad_step", message)


class SequentialEmailFirst(Sequential):
    """The same, beginning with e-mail."""

    key = "sequential-email-first"
    title = "Sequential Fallback, e-mail first"
    defaults: ClassVar[Mapping[str, Any]] = {"steps": EMAIL_FIRST, "fallback_after_seconds": 60}


SEQUENTIAL = strategies.register(Sequential())
SEQUENTIAL_EMAIL_FIRST = strategies.register(SequentialEmailFirst())
