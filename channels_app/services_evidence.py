"""Let evidence move the shares of provider accounts, step by step, and tell what moved and why."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from channels_app.accounts_stored import account_key, forget_accounts
from channels_app.health import health
from channels_app.models import AccountChange, ProviderAccount
from channels_app.rules.evidence import Shift, Weighed, shifts
from kernel.ids import lowest, uuid7

EVIDENCE = "evidence"  # the actor of what nobody did by hand
STEP = timedelta(seconds=55)  # a share moves once in that time, however often somebody looks
MOST_ACCOUNTS = 5_000  # looked at in one step

_MOVE = """
UPDATE channels_app_provideraccount a SET share = v.after
FROM unnest(%s::uuid[], %s::int[], %s::int[]) AS v (id, before, after)
WHERE a.id = v.id AND a.share = v.before AND v.after <= a.weight
RETURNING a.id
"""


def weigh(*, at: datetime) -> int:
    """Move the shares that evidence of the last minutes says must move; returns how many. Needs to see all tenants."""
    with transaction.atomic():
        rows = {account_key(row): row for row in _due(at)}
        if not rows:
            return 0
        known = health.of(rows.keys(), at=at)
        groups: dict[tuple[object, ...], list[Weighed]] = defaultdict(list)
        for key, row in rows.items():
            like = (row.tenant_id, row.channel, row.mode, row.priority)
            groups[like].append(Weighed(key, row.weight, row.share, known[key]))
        found = [shift for group in groups.values() for shift in shifts(group)]
        moved = _move([(rows[shift.key], shift) for shift in found], at=at)
        if moved:
            transaction.on_commit(forget_accounts)
    return moved


def _due(at: datetime) -> Iterable[ProviderAccount]:
    """Enabled accounts whose share was not moved just now."""
    lately = AccountChange.objects.filter(id__gte=lowest(at - STEP), actor=EVIDENCE).values("account_id")
    rows = ProviderAccount.objects.filter(enabled=True, weight__gt=0)
    resting = {row["account_id"] for row in lately}
    return [row for row in rows.order_by("id")[:MOST_ACCOUNTS] if row.id not in resting]


def _move(found: list[tuple[ProviderAccount, Shift]], *, at: datetime) -> int:
    if not found:
        return 0
    with connection.cursor() as cursor:
        ids, befores, afters = zip(*((row.id, shift.before, shift.after) for row, shift in found), strict=True)
        cursor.execute(_MOVE, (list(ids), list(befores), list(afters)))
        moved: set[UUID] = {id for (id,) in cursor.fetchall()}
    AccountChange.objects.bulk_create(
        AccountChange(
            id=uuid7(at),
            tenant_id=row.tenant_id,
            account_id=row.id,
            at=at,
            actor=EVIDENCE,
            field="share",
            before=shift.before,
            after=shift.after,
            reason=shift.reason,
        )
        for row, shift in found
        if row.id in moved
    )
    return len(moved)
