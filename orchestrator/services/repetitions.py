"""Find what people were told already, for a batch: by the request's own key, and by what the policies of types say.

A handful of statements for any batch, and none where nobody asks.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings

from notifications.models import Notification
from notifications.rules.policy import NO_POLICY, DedupPolicy, TypePolicy
from orchestrator.rules.duplicates import STRATEGIES, Sight, sight_of, sights_by_policy
from orchestrator.services import sightings
from orchestrator.services.digests import telling
from orchestrator.values import ClaimedNotification

Shares = Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]]
Policies = Mapping[tuple[UUID, str], TypePolicy]


class Worded(NamedTuple):
    """What a request brought along: words by channel, and what it belongs to."""

    content: Mapping[str, Any]
    correlation_id: str = ""


Contents = Mapping[UUID, Worded]
NO_WORDS = Worded({})


def repetitions(
    shares: Shares, policies: Policies, *, contents: Contents | None = None, at: datetime
) -> dict[tuple[UUID, UUID], UUID]:
    """By (notification, recipient), the notification that told them the same before; what is news is noted.

    In the caller's transaction. `contents`: the words of notifications that are not in the ledger.
    """
    sights = _sights(shares, policies, contents=contents, at=at)
    told: dict[tuple[UUID, UUID], UUID] = {}
    noted: list[Sight] = []
    for by in STRATEGIES:
        asked = [sight for sight in sights[by] if _of(sight) not in told]
        found = sightings.alike(asked) if by == "near" else sightings.duplicates(asked)
        noted += [sight for sight in asked if sight not in found]
        told |= {_of(sight): first for sight, first in found.items()}
    # What one strategy took for news and another one did not is not told, so nothing can repeat it.
    sightings.take_back([sight for sight in noted if _of(sight) in told])
    return told


def _of(sight: Sight) -> tuple[UUID, UUID]:
    return sight.notification_id, sight.recipient_id


def _sights(
    shares: Shares, policies: Policies, *, contents: Contents | None, at: datetime
) -> Mapping[str, list[Sight]]:
    """What must not be said to the same person twice, by strategy."""
    window = settings.ORCHESTRATOR.dedup_window_minutes
    found: dict[str, list[Sight]] = defaultdict(list)
    asking = {n.id: policy.dedup for n, _ in shares if (policy := _policy(n, policies)).dedup.by}
    exempt = telling(asking)
    wordy = {n.id for n, _ in shares if n.id in asking and _needs_words(n, asking[n.id])}
    words = _contents(wordy, known=contents or {})
    for notification, recipients in shares:
        if not notification.dedup and notification.id not in asking:
            continue
        minutes = int(notification.dedup.get("window_minutes", window))
        for entry in recipients:
            person = UUID(entry["id"])
            if notification.dedup and (sight := sight_of(notification, person, window_minutes=minutes, at=at)):
                found["key"].append(sight)
            if notification.id in asking and notification.id not in exempt:
                worded = words.get(notification.id, NO_WORDS)
                for sight in sights_by_policy(
                    notification,
                    person,
                    policy=asking[notification.id],
                    words=worded.content,
                    correlation_id=worded.correlation_id,
                    own=entry.get("data") or {},
                    window_minutes=window,
                    at=at,
                ):
                    found[sight.by].append(sight)
    return found


def _policy(notification: ClaimedNotification, policies: Policies) -> TypePolicy:
    return policies.get((notification.tenant_id, notification.type), NO_POLICY)


def _needs_words(notification: ClaimedNotification, policy: DedupPolicy) -> bool:
    reads = {"content", "near"} & {*policy.by}
    return "correlation" in policy.by or bool(reads and notification.content_channels)


def _contents(ids: Collection[UUID], *, known: Contents) -> Contents:
    missing = {id for id in ids if id not in known}
    if not missing:
        return known
    rows = Notification.objects.filter(id__in=missing).order_by().values_list("id", "content", "correlation_id")
    return {**known, **{id: Worded(content, correlation_id) for id, content, correlation_id in rows}}
