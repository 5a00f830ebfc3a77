"""`manage.py replay_dead_letters`: what the API does, from the shell and without its limits."""

from datetime import datetime
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from notifications.models import Delivery
from orchestrator.services import replays
from orchestrator.services.dead_letters import tag
from tenants.models import AuditEntry
from tests.orchestrator.ledger_rows import make_dead


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("replay_dead_letters", "--tenant", "acme", *arguments, stdout=out)
    return out.getvalue()


def test_everything_open_is_replayed_in_as_many_calls_as_it_takes(
    tenant_id: UUID, other_tenant_id: UUID, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "MOST_AT_ONCE", 2)
    for _ in range(5):
        make_dead(tenant_id, at=at)
    theirs = make_dead(other_tenant_id, at=at)

    said = run("--rate", "10")

    assert said.startswith("replayed 5 at 10 per second, the last due at ")
    assert set(Delivery.objects.filter(state="dead").values_list("id", flat=True)) == {theirs.id}
    actors = AuditEntry.objects.filter(action="dead_letters.replayed").values_list("actor", "detail__count")
    assert sorted(actors) == [("command:replay_dead_letters", number) for number in (1, 2, 2)]
    assert run() == "replayed 0 at 50 per second\n"


def test_a_dry_run_only_tells(tenant_id: UUID, at: datetime) -> None:
    make_dead(tenant_id, at=at)

    said = run("--dry-run", "--rate", "1")

    assert said.startswith("would replay 1 at 1 per second, the last due at ")
    assert Delivery.objects.get().state == "dead"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("--channel", "chat"), "chat", id="channel"),
        pytest.param(("--reason", "poison"), "poison", id="reason"),
        pytest.param(("--tag", "vip"), "tagged", id="tag"),
    ],
)
def test_it_can_be_narrowed(tenant_id: UUID, at: datetime, arguments: tuple[str, str], expected: str) -> None:
    dead = {
        "chat": make_dead(tenant_id, at=at, channel="chat"),
        "poison": make_dead(tenant_id, at=at, reason="poison"),
        "tagged": make_dead(tenant_id, at=at),
    }
    tag([dead["tagged"].id], tenant_id=tenant_id, add=["vip"], actor="test", at=at)

    run(*arguments)

    assert Delivery.objects.get(state="pending").id == dead[expected].id


@pytest.mark.parametrize("rate", ["0", "1001", "-1", "fast", "1.5"])
def test_a_rate_that_will_not_do_is_refused(tenant_id: UUID, rate: str) -> None:
    with pytest.raises(CommandError, match="give a whole number from 1 to 1000"):
        run(f"--rate={rate}")


def test_an_unknown_tenant_is_refused(db: None) -> None:
    with pytest.raises(CommandError, match="no tenant 'acme'; make it with create_tenant"):
        run()
