"""Send a batch: look at what was claimed, decide once more, write the attempts, call the providers, write what came.

Nothing holds a transaction or a connection during a provider call; a heartbeat keeps the leases of calls that last.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from channels_app.accounts import provider_for
from channels_app.breaker import breaker
from channels_app.health import health
from channels_app.limits import limits
from channels_app.rules.retry_after import pause_of
from kernel.clock import monotonic, now
from orchestrator.services.answers import Answer, write_answers, write_held
from orchestrator.services.calls import begin
from orchestrator.services.caps import hold_back
from orchestrator.services.claim import LEASE_SECONDS
from orchestrator.services.consented import keep_unagreed
from orchestrator.services.going import NOTHING_SEEN, Facts, Going, Seen, check, look, message_of, wording_of
from orchestrator.services.heartbeat import heartbeat
from orchestrator.services.outage import outlast
from orchestrator.services.quarantine import waiting_for_template
from orchestrator.services.quotas import count_begun, keep_within
from orchestrator.services.rendering import Quarantined, render
from orchestrator.services.routing import ProviderCall, Ready, assign, grouped
from orchestrator.services.settle import settle
from orchestrator.services.spikes import notice
from orchestrator.services.suppressed import keep_back
from orchestrator.services.tracking import tracked
from orchestrator.services.ways_out import keep_ways_out
from orchestrator.values import ClaimedDelivery, Move, NotificationWords
from templates_app.values import RenderError

IN_FLIGHT = 50  # calls begun at once: the most that a killed worker can leave in doubt
FRESH_SECONDS = 2.0  # what was looked at longer ago is looked at again


def send_batch(claimed: Sequence[ClaimedDelivery], seen: Seen = NOTHING_SEEN) -> None:
    """Send deliveries leased to us, or write why not; every one of them is moved on. `seen`: of all of their people.

    All of them are looked at and put into words together; the calls are begun `IN_FLIGHT` at a time. Those that would
    have to wait for slow ones are looked at again.
    """
    left = sorted(claimed, key=lambda delivery: delivery.id)  # rows are locked in one order by everybody
    at, began = claimed[0].at, monotonic()
    with heartbeat(left):
        while left:
            left = _send(left, seen, at=at + timedelta(seconds=monotonic() - began))
            seen = NOTHING_SEEN
    settle({d.notification_id for d in claimed}, at=at + timedelta(seconds=monotonic() - began))


def _send(claimed: Sequence[ClaimedDelivery], seen: Seen, *, at: datetime) -> list[ClaimedDelivery]:
    """Send what can be sent before the look at it is stale; returns the others."""
    began = monotonic()
    facts = look(claimed, seen if began - seen.since < FRESH_SECONDS else NOTHING_SEEN)
    calls, held = _decide(claimed, facts, at=at)
    write_held(held, at=at)
    unsent = {id for id, said in facts.words.items() if not said.was_sent}
    elapsed = 0.0
    while calls and monotonic() - facts.since < FRESH_SECONDS:
        some, calls = calls[:IN_FLIGHT], calls[IN_FLIGHT:]
        begun_at = at + timedelta(seconds=elapsed)
        answers = _call(_begin(some, facts.words, at=begun_at))
        ended_at = begun_at + timedelta(seconds=max((answer.seconds for answer in answers), default=0))
        outlast(partial(write_answers, answers, unsent=unsent, at=ended_at))
        elapsed = monotonic() - began
    return [call.delivery for call in calls]


def _decide(claimed: Sequence[ClaimedDelivery], facts: Facts, *, at: datetime) -> tuple[list[ProviderCall], list[Move]]:
    """What goes out, and what does not and why."""
    going: list[Going] = []
    held: list[Move] = []
    for delivery in claimed:
        found = check(delivery, facts, at=at)
        if isinstance(found, Move):
            held.append(found)
        else:
            going.append(found)
    ready: list[Ready] = []
    rendered = render([wording_of(go) for go in going])
    said = list(zip(going, rendered, strict=True))
    keep_ways_out([(go.way_out, found) for go, found in said])
    notice(((go.delivery.template_version_id, found) for go, found in said), at=at)
    wanted = [(go.delivery, go.words.policy.tracking, found) for go, found in said]
    for go, content in zip(going, tracked(wanted), strict=True):
        if isinstance(content, RenderError):
            detail = {"detail": str(content)}
            held.append(Move(go.delivery, "failed", "render_error", code=content.code, detail=detail))
        elif isinstance(content, Quarantined):
            held.append(waiting_for_template(go.delivery, at=at))
        else:
            ready.append(Ready(go.delivery, message_of(go, content), go.ways))
    calls, waiting = assign(ready, facts.tried, at=at)
    return calls, held + waiting


def _begin(
    calls: Sequence[ProviderCall], words: Mapping[UUID, NotificationWords], *, at: datetime
) -> list[ProviderCall]:
    """Commit an open attempt for every call that is still ours, and still allowed, to make; returns those."""
    if not calls:
        return []
    with transaction.atomic():
        going, held = keep_back(calls, words)
        going, unagreed = keep_unagreed(going, words)
        going, over_cap = hold_back(going, words, at=at)
        going, over_quota, counted = keep_within(going, at=at)
        write_held([*held, *unagreed, *over_cap, *over_quota], at=at)
        begun = begin([(c.delivery, c.account.provider, c.account.key) for c in going], at=at, lease=LEASE_SECONDS)
        count_begun(counted, begun, at=at)
    return [c for c in going if c.delivery.id in begun]


def _call(calls: Sequence[ProviderCall]) -> list[Answer]:
    """Make the calls, the accounts at the same time."""
    groups = list(grouped(calls, by=lambda call: call.account.key).values())
    if len(groups) < 2:
        return [answer for group in groups for answer in _call_account(group)]
    with ThreadPoolExecutor(len(groups), thread_name_prefix="account") as pool:
        return [answer for answers in pool.map(_call_account, groups) for answer in answers]


def _call_account(calls: Sequence[ProviderCall]) -> list[Answer]:
    account = calls[0].account
    provider = provider_for(account)
    began = monotonic()
    results = provider.send([call.message for call in calls], deadline=began + provider.timeout_seconds)
    seconds = monotonic() - began
    breaker.record_results(account.key, results, at=now())
    health.record(account, results, seconds=seconds, at=now())
    if pause := pause_of(results):
        limits.quiet(account.key, seconds=pause.total_seconds())
    return [Answer(call, result, seconds) for call, result in zip(calls, results, strict=True)]
