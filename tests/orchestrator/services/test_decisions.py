"""Decisions are kept without anybody's data, explained, and come out the same when they are taken again."""

from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from notifications.models import Notification
from orchestrator import pipeline
from orchestrator.models import Decision
from orchestrator.rules.record import RULES, unpacked
from orchestrator.rules.situation import Unusable, Usable
from orchestrator.services.decisions import decisions_of, replayed
from preferences.services import put
from tests.make import AT, a_notification, a_tenant, recipients

pytestmark = pytest.mark.django_db(transaction=True)

BOTH = {"email": {"subject": "Hi", "text": "{{ name }}"}, "in_app": {"title": "Hi", "body": "There"}}


def replay() -> str:
    out = StringIO()
    call_command("replay_decisions", stdout=out)
    return out.getvalue()


def changed_by_force(statement: str) -> None:
    """What the table itself lets nobody do."""
    trigger = "TRIGGER orchestrator_decision_no_change"
    with connection.cursor() as cursor:
        cursor.execute("SET ROLE NONE")
        cursor.execute(f"ALTER TABLE orchestrator_decision DISABLE {trigger}")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE orchestrator_decision ENABLE {trigger}")
        cursor.execute("SET ROLE carillon_tester")


def a_planned(**facts: Any) -> tuple[Notification, dict[str, UUID]]:
    """Planned for Ana, and for Bo who wants nothing in his inbox."""
    tenant = a_tenant()
    people = recipients(tenant, "ana", "bo")
    put(tenant_id=tenant.id, recipient_id=people["bo"], document={"channels": {"in_app": False}}, at=AT)
    own = [{"id": str(people["ana"]), "data": {"name": "Ana Silva"}}, {"id": str(people["bo"])}]
    row = a_notification(tenant, people, content=BOTH, recipients=own, data={"secret": "s3cr3t"}, **facts)
    assert pipeline.plan(1) == 1
    return row, people


def test_every_channel_considered_is_explained_with_its_rule_and_what_would_turn_it_round() -> None:
    row, people = a_planned()

    (decision,) = decisions_of(row, recipient_id=people["bo"])

    no = decision.verdicts["in_app"]
    assert isinstance(no, Unusable)
    assert (no.reason, no.rule, bool(no.flip)) == ("preference_off", "recipient.channels.in_app", True)
    assert [(d.channel, d.state) for d in decision.deliveries] == [("email", "skipped"), ("in_app", "skipped")]
    (other,) = decisions_of(row, recipient_id=people["ana"])
    assert other.verdicts["in_app"] == Usable((None,))


def test_one_record_is_kept_per_page_and_it_holds_nothing_that_was_said() -> None:
    a_planned()

    (row,) = Decision.objects.all()
    record = unpacked(bytes(row.facts))

    assert (row.recipients, row.rules) == (2, RULES)
    assert record.case.notification.data == {}
    assert [situation.data for situation in record.situations] == [None, None]
    assert "s3cr3t" not in repr(record)
    assert "Ana" not in repr(record)
    assert "example.org" not in repr(record)


def test_decisions_taken_again_are_the_same_to_the_bit() -> None:
    a_planned(strategy="sequential", scheduled_local="2027-01-05T09:00:00")

    assert replay() == "2 decisions, all the same when taken again\n"


def test_a_decision_that_comes_out_differently_is_found() -> None:
    a_planned()
    (kept,) = Decision.objects.all()
    kept.outcome = bytes(16)

    assert [one.agrees for one in replayed([kept])] == [False]
    changed_by_force("UPDATE orchestrator_decision SET outcome = decode(repeat('00', 16), 'hex')")
    with pytest.raises(CommandError, match="2 decisions come out differently, 0 the same"):
        replay()
    changed_by_force("DELETE FROM orchestrator_decision")


def test_what_older_rules_decided_is_not_held_against_these() -> None:
    a_planned()
    (kept,) = Decision.objects.all()
    kept.rules = RULES + 1

    assert [one.agrees for one in replayed([kept])] == [None]


@pytest.mark.parametrize("facts", [b"", b"x" * 40])
def test_what_is_no_record_is_told_so(facts: bytes) -> None:
    with pytest.raises(ValueError, match="not a record of decisions"):
        unpacked(facts)
