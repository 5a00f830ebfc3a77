"""Explain decisions: the ones that were taken, from their records, and the one that would be taken now."""

from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audience.models import Recipient
from audience.selectors import external_ids
from channels_app.accounts import ways_of
from channels_app.registry import channels
from kernel.ids import uuid7
from notifications.catalogue import Why
from notifications.models import Notification, NotificationType
from orchestrator.rules.explaining import Explained, explained
from orchestrator.services.decisions import decisions_of
from orchestrator.services.planning import decide
from orchestrator.values import ClaimedNotification

MOST_EXPLAINED = 100  # recipients of one notification; ask for one of the others by name


def explain_notification(notification: Notification, *, recipient_id: UUID | None = None) -> list[Explained]:
    """What was decided for a recipient of a notification, or for its first `MOST_EXPLAINED`. In a scope."""
    found = list(islice(decisions_of(notification, recipient_id=recipient_id), MOST_EXPLAINED))
    names = external_ids({decision.situation.recipient_id for decision in found})
    return [explained(decision, recipient=names.get(decision.situation.recipient_id)) for decision in found]


def reasons(notification_id: UUID) -> list[Why]:
    """The same for the page of a notification, a line per channel."""
    notification = Notification.objects.filter(id=notification_id).first()
    return [
        Why(one.recipient or "", *line)
        for one in (explain_notification(notification) if notification else ())
        for line in (
            *((step.channel, step.says, f"{one.strategy} v{one.strategy_version}", "") for step in one.steps),
            *((no.channel, no.reason, no.rule, no.flip or "") for no in one.skipped),
        )
    ]


def explain_recipient(person: Recipient, kind: NotificationType, *, mode: str, at: datetime) -> Explained:
    """What would be decided now if something of a type were sent to a person. Nothing is kept. In a scope.

    Where the type names no template every channel counts as having words: whoever sends brings them along.
    """
    notification = ClaimedNotification(
        id=uuid7(at),
        tenant_id=person.tenant_id,
        mode=mode,
        type=kind.key,
        category=kind.category,
        priority=kind.priority,
        strategy=kind.strategy or settings.ORCHESTRATOR.default_strategy,
        channels=tuple(kind.channels),
        content_channels=() if kind.template else tuple(channels.keys()),
        recipients=(),
        segment_id=None,
        recipient_count=1,
        scheduled_at=None,
        scheduled_local="",
        recurrence="",
        expires_at=at + timedelta(seconds=kind.ttl_seconds),
        unknown_policy=kind.unknown_policy,
        created_at=at,
        lease_epoch=0,
        crashes=0,
        plan_position="",
        planned_count=0,
        at=at,
        template=kind.template,
    )
    with transaction.atomic():
        decided = decide([(notification, [{"id": str(person.id)}])], ways=ways_of([person.tenant_id]), at=at)
        transaction.set_rollback(True)
    return explained(decided.decisions[0], recipient=person.external_id)
