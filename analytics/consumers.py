"""Listen to the log: every line is counted once, in the transaction that moves the cursor.

Both consumers read the log in SQL: most lines are of no interest, and reading one into Python costs more than counting
it in the database.
"""

from django.conf import settings

from analytics.services import CONSUMER, count
from analytics.services_engagement import learn_from_lines
from events.consumers import Stretch, stretch_consumer

COUNT_BATCH = 10_000  # lines: one statement, however many
LEARN_BATCH = 5_000  # lines: eight statements, however many
LEAST = settings.ORCHESTRATOR.analytics_batch_size


@stretch_consumer(CONSUMER, batch=COUNT_BATCH, least=LEAST)
def roll_up(stretch: Stretch) -> None:
    """What everything comes to, by time."""
    count(stretch)


@stretch_consumer("analytics.engagement", batch=LEARN_BATCH, least=LEAST)
def learn_from(stretch: Stretch) -> None:
    """What providers took and what people engaged with; what a machine opened or followed says nothing of anybody."""
    learn_from_lines(stretch)
