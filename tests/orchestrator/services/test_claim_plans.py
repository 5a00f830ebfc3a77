"""Claims keep their plans, and a plan from when there was nothing serves when there is much."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.fields import AT_ONCE
from notifications.models import Delivery, Notification
from orchestrator.services.claim import claim_deliveries, claim_notifications
from tenants.models import Tenant
from tests import make

pytestmark = pytest.mark.django_db

LANE = 3
RUNS = 12  # beyond those after which PostgreSQL would choose between plans
MANY = 1500


def sequential_scans(table: str) -> int:
    """How often this transaction has read a whole partition of `table`."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(sum(seq_scan), 0) FROM pg_stat_xact_user_tables
            WHERE relid IN (SELECT relid FROM pg_partition_tree(%s::regclass))
            """,
            (table,),
        )
        return int(cursor.fetchone()[0])


def many_deliveries(tenant: Tenant) -> None:
    row = make.a_notification(tenant, {}, due_at=None)
    Delivery.objects.bulk_create(
        Delivery(
            id=Notification._meta.pk.get_default(),
            tenant_id=tenant.id,
            notification_id=row.id,
            recipient_id=row.id,
            channel="in_app",
            lane=LANE,
            priority=LANE,
            due_at=AT_ONCE,
            created_at=datetime.now(UTC),
        )
        for _ in range(MANY)
    )


def many_notifications(tenant: Tenant) -> None:
    for _ in range(MANY):
        make.a_notification(tenant, {}, priority=LANE)


@pytest.mark.parametrize(
    ("table", "claim", "fill"),
    [
        ("notifications_delivery", claim_deliveries, many_deliveries),
        ("notifications_notification", claim_notifications, many_notifications),
    ],
)
def test_a_plan_made_on_empty_tables_reads_no_whole_table_when_they_are_full(
    table: str, claim: Callable[..., list[object]], fill: Callable[[Tenant], None]
) -> None:
    for _ in range(RUNS):
        assert claim(LANE, limit=50) == []
    fill(make.a_tenant())
    before = sequential_scans(table)

    assert len(claim(LANE, limit=50)) == 50

    assert sequential_scans(table) == before


@pytest.mark.parametrize("claim", [claim_deliveries, claim_notifications])
def test_a_claim_is_one_statement(claim: Callable[..., list[object]]) -> None:
    with CaptureQueriesContext(connection) as captured:
        claim(LANE, limit=50)

    assert len(captured) == 1
