"""Apply what providers told us: claim reports, match them to deliveries, write what they mean, park what fits none.

A batch is one transaction from its claim to its end: a worker that dies in it has done nothing.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from channels_app.contract import Receipt
from channels_app.hooks.models import Report
from channels_app.hooks.reports import Claimed, Ended, claim_reports, claim_visits, end, put_off
from kernel.safe_http import Blocked, fetch
from orchestrator.services.hearing import Told, apply, match
from orchestrator.services.opting_out import opt_out
from orchestrator.services.settle import settle
from orchestrator.services.timers import wake_timekeeper

BATCH = 500
VISITS = 5
VISIT_SECONDS = 10.0
VISIT_BYTES = 65_536

NO_SUCH_DELIVERY = "no_such_delivery"
BROKEN = "broken"

log = logging.getLogger(__name__)


def hear_reports(*, limit: int = BATCH) -> int:
    """Apply one batch of what providers told us; returns how much was looked at. One bad report stops no other.

    A batch that fails is tried again in halves: a bad report costs as many tries as its batch can be halved.
    """
    if limit == 1:
        return _hear_alone()
    try:
        return _hear(limit)
    except (OperationalError, InterfaceError):
        raise
    except Exception as trouble:  # noqa: BLE001 - its report is found, and told of with the whole of it
        log.warning("receipts.batch_failed", extra={"reports": limit, "trouble": type(trouble).__name__})
    half = limit // 2
    return hear_reports(limit=half) + hear_reports(limit=limit - half)


def make_visits(*, limit: int = VISITS) -> int:
    """Ask for the URLs by which providers have a subscription confirmed; returns how many were tried."""
    with transaction.atomic():
        visits = claim_visits(limit=limit)
    for visit in visits:
        _make(visit)
    return len(visits)


def _hear(limit: int) -> int:
    with transaction.atomic():
        claimed = claim_reports(limit=limit)
        if not claimed:
            return 0
        touched = _apply(claimed)
    settle(touched, at=claimed[0].now)
    return len(claimed)


def _hear_alone() -> int:
    """One report by itself; one that cannot be applied is put off, and after a day given up."""
    claimed: list[Claimed] = []
    try:
        with transaction.atomic():
            claimed = claim_reports(limit=1)
            touched = _apply(claimed)
        if claimed:
            settle(touched, at=claimed[0].now)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("receipts.report_failed", extra={"report": [str(report.id) for report in claimed]})
        with transaction.atomic():
            _park(claimed, reason=BROKEN)
    return len(claimed)


def _apply(claimed: Sequence[Claimed]) -> set[UUID]:
    """Everything a batch says, in the caller's transaction; returns the notifications it touched."""
    if not claimed:
        return set()
    at = claimed[0].now
    receipts = [report for report in claimed if not report.is_inbound]
    told = [_told(report) for report in receipts]
    meant = match(told)
    pairs = [(told[number], delivery) for number, delivery in meant.items()]
    opt_out(
        pairs, [report for report in claimed if report.is_inbound], at=at
    )  # its locks come before those of deliveries
    apply(pairs, at=at)
    applied = [Ended(receipts[number].id, delivery_id=delivery.id) for number, delivery in meant.items()]
    end([*applied, *(Ended(report.id) for report in claimed if report.is_inbound)])
    _park([report for number, report in enumerate(receipts) if number not in meant], reason=NO_SUCH_DELIVERY)
    return {delivery.notification_id for delivery in meant.values()}


def _told(report: Claimed) -> Told:
    receipt = Receipt(
        kind=report.kind,  # type: ignore[arg-type]  # only what a `Receipt` held is kept as one
        at=report.at,
        delivery_id=report.delivery_id,
        provider_message_id=report.provider_message_id,
        code=report.code,
        permanent=report.permanent,
    )
    sighted = report.sighted()
    return Told(
        receipt,
        report.account,
        report.tenant_id,
        report.id,
        actor="recipient" if sighted else "provider",
        automated=bool(sighted.get("automated")),
        detail=sighted,
    )


def _park(reports: Sequence[Claimed], *, reason: str) -> None:
    hopeless = [report for report in reports if report.hopeless]
    end([Ended(report.id, Report.Outcome.GIVEN_UP, reason) for report in hopeless])
    if hopeless:
        log.warning("receipts.given_up", extra={"reports": [str(report.id) for report in hopeless], "reason": reason})
    wake_timekeeper(put_off([report for report in reports if not report.hopeless], reason=reason))


def _make(visit: Claimed) -> None:
    try:
        answer = fetch(
            visit.secret()["url"],
            timeout_seconds=VISIT_SECONDS,
            max_bytes=VISIT_BYTES,
            allow=frozenset(settings.EGRESS_ALLOW),
        )
    except (Blocked, ValueError) as refusal:
        log.warning("visit.refused", extra={"report": str(visit.id), "trouble": type(refusal).__name__})
        end([Ended(visit.id, Report.Outcome.GIVEN_UP, "not_allowed")])
        return
    except OSError as trouble:
        log.warning("visit.failed", extra={"report": str(visit.id), "trouble": type(trouble).__name__})
        _park([visit], reason="unreachable")
        return
    if 200 <= answer.status < 300:
        end([Ended(visit.id)])
    else:
        _park([visit], reason=f"answered_{answer.status}")
