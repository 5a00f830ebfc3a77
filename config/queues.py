"""The lanes that work runs in, the queue that wakes each, and which worker group serves it.

A lane is a stage and, for the hot stages, a priority. A million low rows never delay a critical one because critical
lanes have workers of their own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

PRIORITIES = ("critical", "high", "medium", "low")
WAKE_TASK = "orchestrator.work"  # the one task; its keyword `lane` says where to look


@dataclass(frozen=True, slots=True)
class Lane:
    """`group` names the worker processes that serve it; `priority` is empty where all share one lane."""

    stage: str
    priority: str
    group: str

    @property
    def name(self) -> str:
        return f"{self.stage}.{self.priority}" if self.priority else self.stage


LANES: tuple[Lane, ...] = (
    Lane("plan", "critical", "critical"),
    Lane("send", "critical", "critical"),
    Lane("plan", "high", "bulk"),
    Lane("send", "high", "bulk"),
    Lane("plan", "medium", "bulk"),
    Lane("send", "medium", "bulk"),
    Lane("plan", "low", "bulk"),
    Lane("send", "low", "bulk"),
    Lane("retry", "", "bulk"),
    Lane("digests", "", "background"),
    Lane("receipts", "", "background"),
    Lane("events", "", "background"),
    Lane("webhooks", "", "background"),
    Lane("upkeep", "", "background"),
    Lane("dead", "", "background"),
)

WORKER_GROUPS: Mapping[str, tuple[str, ...]] = {
    group: tuple(lane.name for lane in lanes) for group, lanes in groupby(LANES, key=lambda lane: lane.group)
}


def queue_names(*, ordinary: str, critical: str, dead: str) -> dict[str, str]:
    """The queue of every lane, by the lane's name: `plan.high` → `notification_orchestration.plan.high`."""
    return {lane.name: _queue_name(lane, ordinary=ordinary, critical=critical, dead=dead) for lane in LANES}


def _queue_name(lane: Lane, *, ordinary: str, critical: str, dead: str) -> str:
    if lane.stage == "dead":
        return dead
    return f"{critical if lane.priority == 'critical' else ordinary}.{lane.name}"
