"""What requests name is looked up one by one, also while PostgreSQL knows nothing of the tables."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from audience.models import InboxItem
from audience.selectors import inbox_counts
from audience.services import upsert_recipients
from audience.values import RecipientInput
from kernel.ids import uuid7
from tenants.idempotency import Claim, Done, remember, reserve
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

ALL, ASKED = 2000, 50


@pytest.fixture
def crowded() -> Tenant:
    """A tenant with many people, endpoints, inbox items and remembered keys, which nobody has analyzed."""
    tenant = make.a_tenant()
    people = make.recipients(tenant, *names(ALL))
    InboxItem.objects.bulk_create(
        InboxItem(
            id=uuid7(), tenant_id=tenant.id, recipient_id=id, notification_id=uuid7(), title="Hello", created_at=make.AT
        )
        for id in people.values()
    )
    with tenant_scope(tenant.id):
        kept = [Done(name, b"m" * 32, status=202, headers={}, body=b"{}") for name in names(ALL)]
        remember(tenant.id, done=kept, at=make.AT)
    return tenant


def names(count: int) -> list[str]:
    return [f"n{number}" for number in range(count)]


def read(table: str, tenant: Tenant, work: Callable[[], Any]) -> int:
    """How many rows of `table` were looked at for `work`."""
    with tenant_scope(tenant.id), connection.cursor() as cursor:
        work()
        cursor.execute("SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_all_tables WHERE relname = %s", (table,))
        return int(cursor.fetchone()[0])


def test_keys(crowded: Tenant) -> None:
    claims = [Claim(name, b"m" * 32) for name in names(ASKED)]

    assert read("tenants_idempotencyrecord", crowded, lambda: reserve(crowded.id, claims=claims, at=make.AT)) == ASKED


def test_endpoints_of_people_who_are_told_about(crowded: Tenant) -> None:
    told = [RecipientInput(id=name, email=f"{name}@example.org") for name in names(ASKED)]

    def work() -> None:
        upsert_recipients(tenant_id=crowded.id, recipients=told, at=make.AT)

    assert read("audience_endpoint", crowded, work) <= 2 * ASKED


def test_inboxes(crowded: Tenant) -> None:
    people = list(make.recipients(crowded, *names(ASKED)).values())

    assert read("audience_inboxitem", crowded, lambda: inbox_counts([(crowded.id, id) for id in people])) == ASKED
