"""What deliveries of a page share is written once; each keeps what is its own, and its line of the log says so."""

import pytest
from pytest_django import Settings

from events.models import Event
from events.services import line_ids
from notifications.models import Delivery
from orchestrator.services.claim import claim_notifications
from orchestrator.services.planning import plan_batch
from tests.make import AT, EMAIL, IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


def test_deliveries_of_a_page_keep_what_is_their_own(settings: Settings) -> None:
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": "smtp://127.0.0.1:1"}}
    acme, globex = a_tenant("acme"), a_tenant("globex")
    ana, bo, cy = (recipients(tenant, name) for tenant, name in ((acme, "ana"), (acme, "bo"), (globex, "cy")))
    own = [{"id": str(id), "data": {"name": name}} for name, id in {**ana, **bo}.items()]
    both = a_notification(acme, {**ana, **bo}, content={**EMAIL, **IN_APP}, recipients=own)
    other = a_notification(globex, cy, content={**IN_APP, "sms": {"text": "Hi"}}, unknown_policy="at_most_once")

    plan_batch(claim_notifications(1, limit=10))

    rows = Delivery.objects.values_list("notification_id", "recipient_id", "channel", "state", "reason", "data")
    assert set(map(str, rows)) == {
        str((row.id, id, channel, state, reason, data))
        for row, id, channel, state, reason, data in (
            (both, ana["ana"], "email", "pending", "", {"name": "ana"}),
            (both, ana["ana"], "in_app", "pending", "", {"name": "ana"}),
            (both, bo["bo"], "email", "pending", "", {"name": "bo"}),
            (both, bo["bo"], "in_app", "pending", "", {"name": "bo"}),
            (other, cy["cy"], "in_app", "pending", "", None),
            (other, cy["cy"], "sms", "skipped", "channel_disabled", None),
        )
    }
    assert {(d.tenant_id, d.unknown_policy) for d in Delivery.objects.all()} == {
        (acme.id, "at_least_once"),
        (globex.id, "at_most_once"),
    }
    lines = Event.objects.filter(kind="delivery.planned")
    told = {e.delivery_id: (e.tenant_id, e.notification_id, e.reason, e.detail) for e in lines}
    assert len(told) == len(lines) == 6
    for d in Delivery.objects.all():
        detail = {"to": d.state, "channel": d.channel, "step": d.step}
        assert told[d.id] == (d.tenant_id, d.notification_id, d.reason, detail)


def test_lines_of_one_moment_grow_from_one_call_to_the_next() -> None:
    ids = [*line_ids(AT, 3), *line_ids(AT, 1), *line_ids(AT, 500)]

    assert ids == sorted(set(ids))
