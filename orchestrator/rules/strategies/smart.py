"""Learns from engagement; while nothing is known about anybody, every channel at once.

Nobody's engagement is known yet (the analytics that learn it come later), so today this is `immediate` under the name
that requests already use.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from orchestrator.rules.strategy import Options, Step, Strategy, strategies


class Smart(Strategy):
    """Without evidence about a recipient no channel is better than another: all of them, at once."""

    key = "smart"
    kind = "smart"
    title = "Smart"
    defaults: ClassVar[Mapping[str, Any]] = {}

    def steps(self, options: Options, configuration: Mapping[str, Any]) -> Sequence[Step]:
        return (Step(options.channels),) if options.channels else ()


SMART = strategies.register(Smart())
