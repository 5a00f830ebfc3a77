"""How a notification reads in answers: the head that every answer about it begins with."""

from notifications.models import Notification
from notifications.services.insert import NewNotification
from notifications.values import PRIORITY_NAME, AcceptedNotification, links_of


def head_of(row: Notification | NewNotification) -> AcceptedNotification:
    """What every answer about a notification begins with."""
    return AcceptedNotification(
        id=row.id,
        status=row.status,
        type=row.type or None,
        priority=PRIORITY_NAME[row.priority],
        strategy=row.strategy,
        recipient_count=row.recipient_count,
        scheduled_at=row.scheduled_at,
        expires_at=row.expires_at,
        created_at=row.created_at,
        correlation_id=row.correlation_id or None,
        links=links_of(row.id),
    )
