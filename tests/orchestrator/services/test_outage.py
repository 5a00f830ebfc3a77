"""Answers of providers outlast an outage of the database: what was said once is not said again for want of a row."""

from typing import Any

import pytest
from django.db import OperationalError, connection

from notifications.models import Attempt, Delivery, Notification
from orchestrator import pipeline
from orchestrator.services import answers, outage, sending
from orchestrator.services.outage import outlast
from tests.make import IN_APP, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PAUSE_SECONDS", 0.0)


def test_an_answer_is_written_when_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)
    pipeline.plan(1)
    write, asked = answers.close_attempts, []

    def out_for_a_moment(outcomes: Any) -> None:
        asked.append(connection.connection)
        if len(asked) < 3:
            raise OperationalError("the server is gone")
        write(outcomes)

    monkeypatch.setattr(answers, "close_attempts", out_for_a_moment)

    pipeline.send(1)

    assert len(asked) == 3
    assert len(set(map(id, asked))) > 1  # on a connection of its own each time
    assert [(a.number, a.outcome) for a in Attempt.objects.all()] == [(1, "sent")]
    assert Delivery.objects.get().state == "delivered"
    assert Notification.objects.get().status == "completed"


def test_writing_twice_after_a_commit_of_which_nothing_was_heard_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tenant = a_tenant()
    a_notification(tenant, recipients(tenant, "ana"), content=IN_APP)
    pipeline.plan(1)
    write, times = sending.write_answers, []

    def heard_only_the_second_time(*told: Any, **moment: Any) -> None:
        write(*told, **moment)
        times.append(1)
        if len(times) == 1:
            raise OperationalError("connection lost after COMMIT")

    monkeypatch.setattr(sending, "write_answers", heard_only_the_second_time)

    pipeline.send(1)

    assert len(times) == 2
    assert [(a.number, a.outcome) for a in Attempt.objects.all()] == [(1, "sent")]
    assert Delivery.objects.get().state == "delivered"


def test_an_outage_without_end_is_raised_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outage, "PATIENCE_SECONDS", -1.0)

    def always_out() -> None:
        raise OperationalError("the server is gone")

    with pytest.raises(OperationalError, match="gone"):
        outlast(always_out)
