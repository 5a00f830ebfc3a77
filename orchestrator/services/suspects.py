"""What a worker died over is worked alone: what kills its worker again and again is found out, its neighbours are not.

A crash counts for the whole batch, for nobody knows whose it was. So whoever has a crash behind them comes back alone,
at a moment of their own, and the crashes that follow count for the guilty one only.
"""

from collections.abc import Sequence

from django.db import connection

from orchestrator.values import ClaimedDelivery, ClaimedNotification

SPREAD_SECONDS = 2.0  # over which those with one crash come back, each alone
WIDE_SPREAD_SECONDS = 10.0  # and those with more, who may have met the guilty one twice

_LATER = """
  CASE WHEN {row}.crashes = 0 THEN '-infinity'::timestamptz
       ELSE now() + random() * interval '1 second' * CASE WHEN {row}.crashes = 1 THEN %s ELSE %s END END
"""

_GIVE_BACK_DELIVERIES = f"""
UPDATE notifications_delivery d SET state = 'pending', lease_until = NULL, due_at = {_LATER.format(row="d")}
FROM unnest(%s::uuid[], %s::int[]) AS v (id, epoch)
WHERE d.id = v.id AND d.lease_epoch = v.epoch AND d.state = 'claimed'
"""

_GIVE_BACK_NOTIFICATIONS = f"""
UPDATE notifications_notification n SET lease_until = NULL, due_at = {_LATER.format(row="n")}
FROM unnest(%s::uuid[], %s::int[]) AS v (id, epoch)
WHERE n.id = v.id AND n.lease_epoch = v.epoch AND n.due_at IS NOT NULL
"""


def deliveries_together(claimed: Sequence[ClaimedDelivery]) -> Sequence[ClaimedDelivery]:
    """What may be sent in one batch: all, or one with a crash behind it. The rest is given back."""
    chosen = min((d for d in claimed if d.crashes), key=lambda d: d.crashes, default=None)
    if chosen is None:
        return claimed
    _give_back(_GIVE_BACK_DELIVERIES, [d for d in claimed if d is not chosen])
    return [chosen]


def notifications_together(claimed: Sequence[ClaimedNotification]) -> Sequence[ClaimedNotification]:
    """The same for planning."""
    chosen = min((n for n in claimed if n.crashes), key=lambda n: n.crashes, default=None)
    if chosen is None:
        return claimed
    _give_back(_GIVE_BACK_NOTIFICATIONS, [n for n in claimed if n is not chosen])
    return [chosen]


def _give_back(statement: str, rest: Sequence[ClaimedDelivery] | Sequence[ClaimedNotification]) -> None:
    """A claim that is given back was never made: no event tells of it, as none told of the claim."""
    if rest:
        with connection.cursor() as cursor:
            spread = (SPREAD_SECONDS, WIDE_SPREAD_SECONDS)
            cursor.execute(statement, (*spread, [one.id for one in rest], [one.lease_epoch for one in rest]))
