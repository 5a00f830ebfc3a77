"""Every channel at once."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.rules.strategy import Options, Step, Strategy, strategies


class Immediate(Strategy):
    """All usable channels in one step; what one of them does changes nothing for the others."""

    key = "immediate"
    kind = "immediate"
    title = "Immediate Multi-Channel"
    draws = False
    defaults: ClassVar[Mapping[str, Any]] = {}

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        return (Step(options.channels),) if options.channels else ()


IMMEDIATE = strategies.register(Immediate())
