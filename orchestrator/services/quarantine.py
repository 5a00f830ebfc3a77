"""Deliveries whose template is held back: they wait, and go out when it is released or other words take its place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from notifications.models import Delivery
from orchestrator.services.timers import wake_timekeeper
from orchestrator.values import ClaimedDelivery, Move
from templates_app.catalogue import register_withdrawal
from templates_app.models import TemplateVersion
from templates_app.rules.offers import Tier

REASON = "template_quarantined"
LONGEST = timedelta(days=1)  # until one without an expiry is looked at again
LANES = range(6)

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
    if _reword(_untried(before).filter(wait_reason=REASON), after):
        let_go([after])


def hand_back(version_id: UUID, instead: UUID) -> None:
    """What was planned with `version_id` and never tried goes out with the words of `instead`, when its time comes."""
    (tenant_id,) = TemplateVersion.objects.filter(id=version_id).values_list("tenant_id", flat=True)
    # By tenant and lane, so that the index of what is to be sent finds it.
    if _reword(_untried(version_id).filter(tenant_id=tenant_id, lane__in=LANES), instead):
        let_go([instead])


def _untried(version_id: UUID) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state="pending", template_version_id=version_id, attempts=0)


def _reword(waiting: QuerySet[Delivery], after: UUID) -> bool:
    """Give deliveries the words of `after`, where it has words for them; `False` when there are no deliveries."""
    places = set(waiting.order_by().values_list("channel", "locale").distinct())
    if not places:
        return False
    tier = Tier(after, TemplateVersion.objects.values_list("offers", flat=True).get(id=after))
    for channel, locale in places:
        chosen = tier.nearest(channel, locale=locale)
        if chosen is not None:
            waiting.filter(channel=channel, locale=locale).update(template_version_id=after, locale=chosen)
    return True


register_withdrawal(hand_back)
