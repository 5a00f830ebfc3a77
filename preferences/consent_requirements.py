"""What tenants demand consent for, as every process knows it: read at most once in `FRESH_SECONDS`.

The process that changes it knows at once. That a purpose is spoken of for the first time is noticed within that time.
"""

import os
import threading
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from kernel.clock import monotonic
from preferences.models import ConsentRequirements
from preferences.rules.consent import DEFAULT_REQUIREMENTS, Requirements
from tenants.scope import platform_scope

FRESH_SECONDS = 0.8
MOST_KEPT = 10_000  # tenants

Demand = Mapping[str, Any]  # {"purpose": …, "channels": […]}

_READ = """
SELECT tenant_id, '' AS purpose, document FROM preferences_consentrequirements WHERE tenant_id = ANY (%(tenants)s)
UNION ALL
SELECT tenant_id, purpose, NULL FROM preferences_consentpurpose WHERE tenant_id = ANY (%(tenants)s)
"""


def requirements_of(tenant_ids: Collection[UUID]) -> Mapping[UUID, Requirements]:
    """What each of these tenants demands, in one statement at most."""
    wanted, at = set(tenant_ids), monotonic()
    with _kept.lock:
        found = {id: kept[1] for id in wanted if (kept := _kept.by_tenant.get(id)) is not None and at < kept[0]}
    if missing := wanted - found.keys():
        read = _read(missing)
        with _kept.lock:
            if len(_kept.by_tenant) > MOST_KEPT:
                _kept.by_tenant.clear()
            _kept.by_tenant.update({id: (at + FRESH_SECONDS, kept) for id, kept in read.items()})
        found |= read
    return found


def demands_of(tenant_id: UUID) -> Sequence[Demand] | None:
    """What a tenant wrote, as it was written; `None` while the default holds."""
    return ConsentRequirements.objects.filter(tenant_id=tenant_id).values_list("document", flat=True).first()


def keep_demands(tenant_id: UUID, demands: Sequence[Demand], *, at: datetime) -> None:
    """Replace what a tenant demands, the default too."""
    ConsentRequirements.objects.update_or_create(
        tenant_id=tenant_id, defaults={"document": list(demands), "updated_at": at}
    )


def forget_requirements() -> None:
    """Drop what is kept in memory; the next look reads the database."""
    _kept.begin()


def default_demands() -> list[Demand]:
    """What holds for a tenant that wrote nothing."""
    return [
        {"purpose": purpose, "channels": sorted(channels)}
        for purpose, channels in DEFAULT_REQUIREMENTS.channels.items()
    ]


def _read(tenant_ids: Collection[UUID]) -> dict[UUID, Requirements]:
    with platform_scope(), connection.cursor() as cursor:
        cursor.execute(_READ, {"tenants": list(tenant_ids)})
        rows = cursor.fetchall()
    demands: dict[UUID, Mapping[str, frozenset[str]]] = {}
    spoken_of: dict[UUID, set[str]] = defaultdict(set)
    for tenant_id, purpose, document in rows:
        if document is None:
            spoken_of[tenant_id].add(purpose)
        else:
            demands[tenant_id] = _channels(msgspec.json.decode(document))
    return {
        id: Requirements(demands.get(id, DEFAULT_REQUIREMENTS.channels), frozenset(spoken_of[id])) for id in tenant_ids
    }


def _channels(demands: Sequence[Demand]) -> dict[str, frozenset[str]]:
    return {demand["purpose"]: frozenset(demand["channels"]) for demand in demands}


class _Kept:
    """A child of `fork` begins with an empty one: it shares no lock with its parent."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.lock = threading.Lock()
        self.by_tenant: dict[UUID, tuple[float, Requirements]] = {}


_kept = _Kept()
os.register_at_fork(after_in_child=_kept.begin)
