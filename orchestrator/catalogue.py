"""What the floor above lends to decisions: the evidence that strategies learn from."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from orchestrator.rules.bandit import ChannelEvidence

Whose = tuple[UUID, UUID]  # tenant and recipient


class GatherEvidence(Protocol):
    """Tells what is known for people at a moment, by channel, for a whole batch in a constant number of statements."""

    def __call__(self, wanted: Collection[Whose], *, at: datetime) -> Mapping[Whose, Mapping[str, ChannelEvidence]]: ...


_sources: list[GatherEvidence] = []


def register_evidence(gather: GatherEvidence) -> None:
    """Let `gather` tell what was learned; called once at start. Of several the last one counts."""
    if gather not in _sources:
        _sources.append(gather)


def evidence_for(wanted: Collection[Whose], *, at: datetime) -> Mapping[Whose, Mapping[str, ChannelEvidence]]:
    """What is known for people; nothing when nobody learns."""
    return _sources[-1](wanted, at=at) if _sources and wanted else {}
