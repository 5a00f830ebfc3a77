"""`manage.py verify_ledger`: a table, or JSON, and an exit code that a script can act on."""

import json
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import call_command

from kernel.clock import now
from notifications.models import Delivery
from tests.orchestrator.ledger_rows import make_delivery, make_notification

HOUR = timedelta(hours=1)


def verify(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_ledger", *arguments, grace=0, no_color=True, stdout=out)
    return out.getvalue()


def test_a_ledger_that_balances_says_so(tenant_id: UUID) -> None:
    at = now()
    notification = make_notification(tenant_id, at=at, recipients=3)
    for state in ("sent", "pending", "skipped"):
        make_delivery(notification, state=state, attempts=1 if state == "sent" else 0)

    head, row, verdict = verify().splitlines()

    assert head.split("  ")[0] == "hour (UTC)"
    assert head.split()[2:] == ["accepted", "sent", "pending", "skipped", "missing"]
    assert row.split() == [f"{at:%Y-%m-%d}", f"{at:%H}:00", "3", "1", "1", "1", "0"]
    assert verdict == "the ledger balances"


def test_nothing_accepted_balances(db: None) -> None:
    assert verify("--all").splitlines()[1:] == ["nothing was accepted in this time", "the ledger balances"]


def test_what_is_missing_is_told_and_exits_1(tenant_id: UUID, capsys: pytest.CaptureFixture[str]) -> None:
    notification = make_notification(tenant_id, at=now(), recipients=2, status="completed")
    make_delivery(notification, state="sent")
    out = StringIO()

    with pytest.raises(SystemExit) as exit:
        call_command("verify_ledger", grace=0, no_color=True, stdout=out)

    *_, finding, verdict = out.getvalue().splitlines()
    delivery = Delivery.objects.get()
    assert exit.value.code == 1
    assert finding == (
        "sent_without_attempt: a delivery is being sent or was sent without any provider call that could have done it: "
        f"1 ({delivery.id})"
    )
    assert verdict == "missing 1, 1 checks fail"


def test_json_says_the_same(tenant_id: UUID) -> None:
    at = now().replace(minute=30)
    make_notification(tenant_id, at=at, recipients=2)
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("verify_ledger", "--json", grace=0, stdout=out)

    said = json.loads(out.getvalue())
    assert (said["balanced"], said["missing"]) == (False, 2)
    hour = f"{at:%Y-%m-%dT%H}:00:00Z"
    assert said["hours"] == [{"hour": hour, "accepted": 2, "pairs": {}, "missing": 2}]
    assert [finding["check"] for finding in said["findings"]] == ["not_finished"]


def test_how_far_back_is_looked(tenant_id: UUID) -> None:
    at = now()
    for age in (timedelta(), 5 * HOUR):
        make_delivery(make_notification(tenant_id, at=at - age, status="completed"), state="sent", attempts=1)

    looked = {arguments: len(json.loads(verify("--json", *arguments))["hours"]) for arguments in SPANS}

    assert looked == {("--hours", "2"): 1, ("--hours", "6"): 2, ("--all",): 2, (): 2}


SPANS = [("--hours", "2"), ("--hours", "6"), ("--all",), ()]
