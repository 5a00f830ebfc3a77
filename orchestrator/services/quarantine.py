"""Deliveries whose template is held back: they wait, and go out when it is released or other words take its place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from notifications.models import Delivery
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import ClaimedDelivery, Move
from templates_app.models import TemplateVersion
from templates_app.rules.offers import Tier

REASON = "template_quarantined"
LONGEST = timedelta(days=1)  # until one without an expiry is looked at again

_GO = """
UPDATE notifications_delivery SET due_at = now(), wait_reason = '', reason = ''
WHERE state = 'pending' AND wait_reason = 'template_quarantined' AND template_version_id = ANY (%s)
RETURNING due_at
"""


def waiting_for_template(delivery: ClaimedDelivery, *, at: datetime) -> Move:
    """The move of a delivery whose words are held back: it waits, at the longest until it expires."""
    due_at = delivery.expires_at or at + LONGEST
    return Move(delivery, "pending", reason=REASON, due_at=due_at, wait_reason=REASON)


def let_go(version_ids: Sequence[UUID]) -> None:
    """What waited for these versions is due now."""
    with connection.cursor() as cursor:
        cursor.execute(_GO, (list(version_ids),))
        row = cursor.fetchone()
    wake_timekeeper(row[0] if row else None)


def take_over(before: UUID, after: UUID) -> None:
    """What waits for `before` and was never tried goes out with the words of `after`, where it has words for it."""
    waiting = Delivery.objects.filter(state="pending", wait_reason=REASON, template_version_id=before, attempts=0).only(
        "id", "channel", "locale"
    )
    places = {(row.channel, row.locale) for row in waiting}
    if not places:
        return
    tier = Tier(after, TemplateVersion.objects.values_list("offers", flat=True).get(id=after))
    for channel, locale in places:
        chosen = tier.nearest(channel, locale=locale)
        if chosen is not None:
            waiting.filter(channel=channel, locale=locale).update(template_version_id=after, locale=chosen)
    let_go([after])
