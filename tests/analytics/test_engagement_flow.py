"""From a message that was sent and read to evidence for the next one, by way of the event log."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from analytics.selectors_engagement import evidence_of
from audience.services.engagement import mark
from events.consumers import advance, registered
from notifications.models import Delivery
from orchestrator import pipeline
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.log_reading import wait_until_readable
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


def sent_to(tenant: Tenant, people: dict[str, UUID]) -> Delivery:
    row = a_notification(tenant, people, content=IN_APP)
    assert (pipeline.plan(1), pipeline.send(1)) == (1, 1)
    return Delivery.objects.get(notification_id=row.id)


def learn() -> None:
    (reader,) = [reader for reader in registered() if reader.name == "analytics.engagement"]
    wait_until_readable()
    while advance(reader):
        continue


def test_what_was_sent_and_read_is_evidence_and_reading_the_log_again_changes_nothing() -> None:
    tenant = a_tenant()
    people = recipients(tenant, "ana")
    first, ignored = sent_to(tenant, people), sent_to(tenant, people)
    with tenant_scope(tenant.id):
        mark(
            tenant_id=tenant.id, recipient_id=people["ana"], item_id=first.id, engagement="read",
            at=datetime.now(UTC), actor="recipient",
        )  # fmt: skip

    learn()
    learn()

    now = datetime.now(UTC)
    evidence = evidence_of([(tenant.id, people["ana"])], at=now)[tenant.id, people["ana"]]
    assert (first.state, ignored.state) == ("delivered", "delivered")
    assert set(evidence) == {"in_app"}
    assert (evidence["in_app"].own, evidence["in_app"].tenant) == ((2.0, 1.0), (2.0, 1.0))
