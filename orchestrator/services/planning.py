"""Plan a batch: from notifications to deliveries, a page of recipients at a time, each page one transaction.

A notification gets one page in a turn and goes to the back of its lane when there is more of it, so nobody waits for a
campaign to be planned: neither whoever wants to be planned beside it, nor its own first recipients. What a turn plans
and is due at once its worker keeps for itself, as much as it may, to send it next.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from django.db import transaction

from audience.selectors import segment_page
from channels_app.accounts import Ways, ways_of
from events.bells import ring
from kernel.clock import monotonic
from kernel.metrics import ORCHESTRATION_SECONDS
from notifications.values import PRIORITY_NAME
from orchestrator.rules.alike import Deciding
from orchestrator.rules.planning import Decision
from orchestrator.services import recurrence
from orchestrator.services.claim import release
from orchestrator.services.decisions import keep
from orchestrator.services.exposures import expose
from orchestrator.services.facts import gather
from orchestrator.services.going import NOTHING_SEEN, Seen
from orchestrator.services.plan_writing import LeaseLost, Planned, due_at_once, write_plan
from orchestrator.services.repetitions import Contents
from orchestrator.services.wording import worded
from orchestrator.values import ClaimedDelivery, ClaimedNotification, PlannedDelivery

PAGE = 500  # recipients planned in one transaction; their deliveries are sent together
FIRST_PAGE = 50  # of an audience that has several: they are sent to while the others are planned
PAGES = 8  # in one turn; what is left of the batch is given back

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Share:
    """The recipients of one notification that belong to a page, and where it stands after them."""

    planned: Planned
    recipients: tuple[Mapping[str, Any], ...]  # {"id": uuid, "data"?: {…}}


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided for each recipient, and the deliveries of all of them with the words they go out with."""

    decisions: list[Decision]
    deliveries: list[PlannedDelivery]
    seen: Seen


@dataclass(slots=True)
class Turn:
    """What came of planning a batch: which notifications are wholly planned, and what this worker is to send now."""

    finished: list[UUID] = field(default_factory=list)
    taken: list[ClaimedDelivery] = field(default_factory=list)
    seen: Seen = NOTHING_SEEN


def plan_batch(claimed: Sequence[ClaimedNotification], *, take: int = 0) -> Turn:
    """Plan a page of each of the notifications leased to us, and take up to `take` of the deliveries for this worker.

    A page that fails is planned again notification by notification, so that one bad item does not stop the others; the
    bad one is left to its lease. None of the others is ours when this returns.
    """
    turn = Turn()
    begun: set[UUID] = set()
    for shares in islice(_pages(sorted(claimed, key=_size)), PAGES):
        begun |= {share.planned.notification.id for share in shares}
        try:
            _plan_page(shares, turn, take=take)
        except Exception as trouble:  # noqa: BLE001 - one bad item must not stop its batch
            _tell(trouble, shares)
            for share in shares if len(shares) > 1 else ():
                try:
                    _plan_page([share], turn, take=take)
                except Exception as worse:  # noqa: BLE001
                    _tell(worse, [share])
    release([notification for notification in claimed if notification.id not in begun])
    return turn


def _size(notification: ClaimedNotification) -> int:
    """Small ones first: they are done at once, and a large one is not done anyway."""
    return notification.recipient_count


def _tell(trouble: Exception, shares: Sequence[_Share]) -> None:
    ids = [str(share.planned.notification.id) for share in shares]
    if isinstance(trouble, LeaseLost):
        log.warning("plan.lease_lost", extra={"notifications": ids})
    else:
        log.error("plan.failed", exc_info=trouble, extra={"notifications": ids})


def _pages(claimed: Iterable[ClaimedNotification]) -> Iterator[list[_Share]]:
    """Pages of at most `PAGE` recipients, one share of each notification in one of them."""
    page: list[_Share] = []
    room = PAGE
    for notification in claimed:
        share = _share(notification)
        if page and len(share.recipients) > room:
            yield page
            page, room = [], PAGE
        page.append(share)
        room -= len(share.recipients)
    if page:
        yield page


def _share(notification: ClaimedNotification) -> _Share:
    begins = not notification.plan_position and notification.recipient_count > PAGE
    most = FIRST_PAGE if begins else PAGE
    recipients, position = _next_recipients(notification, most)
    count = notification.planned_count + len(recipients)
    done = len(recipients) < most
    total = count if done else max(notification.recipient_count, count)
    return _Share(Planned(notification, position, count, total, done), recipients)


def _next_recipients(notification: ClaimedNotification, most: int) -> tuple[tuple[Mapping[str, Any], ...], str]:
    position = notification.plan_position
    if notification.segment_id is None:
        start = int(position or 0)
        recipients = notification.recipients[start : start + most]
        return recipients, str(start + len(recipients))
    after = UUID(position) if position else None
    ids = segment_page(notification.tenant_id, notification.segment_id, after_recipient_id=after, limit=most)
    return tuple({"id": str(found)} for found in ids), str(ids[-1]) if ids else position


def decide(
    shares: Sequence[tuple[ClaimedNotification, Sequence[Mapping[str, Any]]]],
    *,
    ways: Ways,
    at: datetime,
    contents: Contents | None = None,
) -> Decided:
    """Decide for recipients (`{"id": uuid, "data"?: {…}}`) of notifications; facts are gathered once for all.

    `contents`: the words of notifications that are not in the ledger.
    """
    looked = monotonic()
    facts = gather(shares, ways=ways, at=at, contents=contents)
    decisions: list[Decision] = []
    for case, situations in facts.cases:
        decisions += map(Deciding(case).decide, situations)
    planned = (delivery for decision in decisions for delivery in decision.deliveries)
    arms = {(d.case.notification.id, d.situation.recipient_id): d.arm for d in decisions if d.arm}
    deliveries = worded(planned, shares, offered=facts.offered, known=facts.people, arms=arms)
    return Decided(decisions, deliveries, Seen(facts.people, facts.wishes, looked))


def _plan_page(page: Sequence[_Share], turn: Turn, *, take: int) -> None:
    if not page:
        return
    ways = ways_of({share.planned.notification.tenant_id for share in page})
    with transaction.atomic():
        at = page[0].planned.notification.at
        found = decide([(share.planned.notification, share.recipients) for share in page], ways=ways, at=at)
        taken = write_plan([s.planned for s in page], found.deliveries, take=take - len(turn.taken), at=at)
        expose(found.decisions, at=at)
        keep(found.decisions, pages={share.planned.notification.id: share.planned.position for share in page})
        for share in page:
            if share.planned.notification.recurrence and not share.planned.notification.plan_position:
                recurrence.accept_next(share.planned.notification)
    turn.taken += taken
    turn.seen = turn.seen.and_also(found.seen) if taken else turn.seen
    _call_others(page, left=sum(map(due_at_once, found.deliveries)) > len(taken))
    done = [share.planned.notification for share in page if share.planned.done]
    for notification in done:
        seconds = (notification.at - notification.created_at).total_seconds()
        ORCHESTRATION_SECONDS.labels(PRIORITY_NAME[notification.priority]).observe(max(seconds, 0))
    turn.finished += [notification.id for notification in done]


def _call_others(page: Iterable[_Share], *, left: bool) -> None:
    """Whoever is free may plan the next page, and send what was `left` of this one."""
    ring({f"plan.{PRIORITY_NAME[share.planned.notification.priority]}" for share in page if not share.planned.done})
    if left:
        ring({f"send.{PRIORITY_NAME[share.planned.notification.priority]}" for share in page})
