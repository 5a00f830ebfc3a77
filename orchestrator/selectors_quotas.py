"""Look: what tenants are allowed, as every process knows it, and how much of it is used."""

import threading
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import BigIntegerField, Case, DateField, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from kernel.clock import monotonic
from orchestrator.models import Quota as QuotaRow
from orchestrator.models import QuotaUse
from orchestrator.rules.quotas import DAY, MONTH, Quota, starts_on

RELOAD_SECONDS = 1.0  # how long a changed quota may take to be seen by a running process
MOST_KEPT = 10_000  # tenants

_kept: dict[UUID, tuple[float, tuple[Quota, ...]]] = {}
_lock = threading.Lock()


def quotas_of(tenant_ids: Collection[UUID]) -> Mapping[UUID, tuple[Quota, ...]]:
    """The quotas of each of these tenants, mostly none; one statement at most, and none for `RELOAD_SECONDS` after."""
    wanted, at = set(tenant_ids), monotonic()
    with _lock:
        found = {id: kept[1] for id in wanted if (kept := _kept.get(id)) is not None and at < kept[0]}
    if missing := wanted - found.keys():
        read = _read(missing)
        with _lock:
            if len(_kept) > MOST_KEPT:
                _kept.clear()
            _kept.update({id: (at + RELOAD_SECONDS, quotas) for id, quotas in read.items()})
        found |= read
    return found


def forget_quotas() -> None:
    """Drop what is kept in memory; the next look reads the database."""
    with _lock:
        _kept.clear()


def with_use(rows: QuerySet[QuotaRow], *, at: datetime) -> QuerySet[QuotaRow]:
    """Quotas with `used`: how much of the period that `at` is in."""
    now_counting = QuotaUse.objects.filter(
        tenant_id=OuterRef("tenant_id"),
        channel=OuterRef("channel"),
        account=OuterRef("account"),
        period=OuterRef("period"),
        starts_on=Case(
            When(period=DAY, then=Value(starts_on(DAY, at=at))),
            default=Value(starts_on(MONTH, at=at)),
            output_field=DateField(),
        ),
    )
    used = {"used": Coalesce(Subquery(now_counting.values("used")), 0, output_field=BigIntegerField())}
    return rows.annotate(**used)  # named in the model, which mypy takes for a clash


def _read(tenant_ids: Collection[UUID]) -> dict[UUID, tuple[Quota, ...]]:
    found: dict[UUID, list[Quota]] = defaultdict(list)
    fields = ("tenant_id", "channel", "account", "period", "allowed", "over")
    for row in QuotaRow.objects.filter(tenant_id__in=tenant_ids).order_by("id").values_list(*fields):
        found[row[0]].append(Quota(*row))
    return {id: tuple(found[id]) for id in tenant_ids}
