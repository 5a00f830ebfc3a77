"""Write down what deliveries cost: what the provider charges for the units of each call that it took."""

from collections.abc import Mapping
from uuid import UUID

from django.db import connection

_SET = """
UPDATE notifications_delivery d SET cost_micros = d.cost_micros + v.cost, currency = v.currency
FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS v (id, cost, currency)
WHERE d.id = v.id
"""


def note_costs(costs: Mapping[UUID, tuple[int, str]]) -> None:
    """Add what was charged, in millionths of a currency, by delivery id. In the caller's transaction."""
    if costs:
        ids = sorted(costs)
        with connection.cursor() as cursor:
            cursor.execute(_SET, (ids, [costs[id][0] for id in ids], [costs[id][1] for id in ids]))
