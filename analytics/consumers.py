"""Listen to the log: every line is counted once, in the transaction that moves the cursor."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings

from analytics.rules.engagement import SUCCESSES, TAKEN
from analytics.rules.rollups import AUTOMATED, MOVED
from analytics.services import CONSUMER, count
from analytics.services_engagement import learn
from events.consumers import Stretch, consumer, stretch_consumer
from events.values import LoggedEvent

COUNT_BATCH = 10_000  # one statement, however many lines; each batch costs as much as counting about 100 lines
LEARN_BATCH = 3_000  # of lines, a third of them about sending; seven statements, however many
_TELLS = f"""
kind = '{MOVED}' AND detail ->> 'to' IN ({", ".join(f"'{state}'" for state in sorted(TAKEN))})
OR kind IN ({", ".join(f"'{kind}'" for kind in sorted(SUCCESSES))})
"""


@stretch_consumer(CONSUMER, batch=COUNT_BATCH, least=settings.ORCHESTRATOR.analytics_batch_size)
def roll_up(stretch: Stretch) -> None:
    """Where lines lie in the log, and what they count for: the database reads them itself."""
    count(stretch)


@consumer("analytics.engagement", batch=LEARN_BATCH, only=_TELLS)
def learn_from(events: Sequence[LoggedEvent]) -> None:
    """What providers took and what people engaged with; what a machine opened or followed says nothing of anybody."""
    sent: dict[UUID, datetime] = {}
    engaged: dict[UUID, tuple[UUID, datetime]] = {}
    for event in events:
        if event.delivery_id is None:
            continue
        if event.kind == MOVED and event.detail.get("to") in TAKEN:
            sent.setdefault(event.delivery_id, event.at)
        elif event.kind in SUCCESSES and event.reason != AUTOMATED:
            engaged.setdefault(event.delivery_id, (event.tenant_id, event.at))
    if sent or engaged:
        learn(sent, engaged)
