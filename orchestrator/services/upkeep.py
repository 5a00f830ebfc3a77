"""Upkeep: what nobody waits for and everybody misses when it is not done."""

from datetime import datetime

from channels_app.hooks.store import purge_seen
from channels_app.services_evidence import weigh
from notifications.services.cancel import stop_left_over
from orchestrator.services import canaries, digests_closing, ledger, quotas, short_links, sightings
from orchestrator.services.recovery import clamp_waits, give_up_holding, recover
from orchestrator.services.settle import settle_left_over
from tenants.idempotency import purge

PURGE_BATCH = 5_000


def make_rounds(*, at: datetime) -> None:
    """One round: take over what dead workers left, settle, forget old answers."""
    while recover():
        continue
    while give_up_holding():
        continue
    clamp_waits()
    while stop_left_over(at=at):
        continue
    settle_left_over(at=at)
    weigh(at=at)
    canaries.watch(at=at)
    purge(at=at, limit=PURGE_BATCH)
    sightings.purge(at=at, limit=PURGE_BATCH)
    digests_closing.purge(at=at, limit=PURGE_BATCH)
    quotas.purge(at=at, limit=PURGE_BATCH)
    short_links.purge(at=at, limit=PURGE_BATCH)
    while purge_seen(limit=PURGE_BATCH) == PURGE_BATCH:
        continue
    ledger.watch(at=at)
