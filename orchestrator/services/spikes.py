"""Hold back words that can be filled in for nobody, so that what is still to be sent waits instead of failing."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from orchestrator.services.rendering import Quarantined, Rendered
from templates_app.rules.spikes import Spikes
from templates_app.services.quarantine import hold
from templates_app.values import RenderError

spikes = Spikes()


def notice(tried: Iterable[tuple[UUID | None, Rendered]], *, at: datetime) -> None:
    """The versions of a batch and what became of them; one that fails everybody is held back."""
    counts: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for version_id, found in tried:
        if version_id is not None and not isinstance(found, Quarantined):
            counts[version_id][isinstance(found, RenderError)] += 1
    for version_id, (filled, failed) in counts.items():
        if spikes.note(version_id, filled=filled, failed=failed, at=at):
            hold(version_id, reason="it could not be filled in for anybody lately", at=at)
