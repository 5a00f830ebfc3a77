"""Operators deal with dead letters in the admin: every action asks once more."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission, User
from django.http import HttpResponse
from django.test import Client

from orchestrator.models import Strategy
from orchestrator.services.strategies import seed
from tenants.models import AuditEntry
from tests.orchestrator.ledger_rows import letter_of, make_dead

LIST = "/admin/orchestrator/deadletter/"


@pytest.fixture
def operator(db: None, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("eve"))
    return client


def page(response: HttpResponse, status: int = 200) -> str:
    assert response.status_code == status, response.content[:500]
    return response.content.decode()


def post(operator: Client, action: str, *ids: UUID, **said: Any) -> HttpResponse:
    selected = {"_selected_action": [str(id) for id in ids]}
    return operator.post(LIST, {"action": action, "index": 0, **selected, **said}, follow=True)


def test_the_list_shows_and_filters(operator: Client, tenant_id: UUID, at: datetime) -> None:
    mail, chat = make_dead(tenant_id, at=at), make_dead(tenant_id, at=at, channel="chat")
    post(operator, "tag", chat.id, confirmed="yes", add="outage")

    everything = page(operator.get(LIST))
    tagged = page(operator.get(f"{LIST}?tag=outage"))
    one = page(operator.get(f"{LIST}{mail.id}/change/"))

    assert str(mail.id) in everything
    assert str(chat.id) in everything
    assert (str(mail.id) in tagged, str(chat.id) in tagged) == (False, True)
    assert "attempts_exhausted" in one
    assert 'name="_save"' not in one


@pytest.mark.parametrize(("action", "question"), [("replay", "Replay"), ("tag", "Tag"), ("discard", "Discard")])
def test_an_action_asks_before_it_acts(
    operator: Client, tenant_id: UUID, at: datetime, action: str, question: str
) -> None:
    delivery, other = make_dead(tenant_id, at=at), make_dead(tenant_id, at=at)

    asked = page(post(operator, action, delivery.id))

    assert f"{question} 1 dead letter?" in asked
    assert "1 × email: attempts_exhausted" in asked
    assert str(delivery.id) in asked
    assert str(other.id) not in asked
    assert (letter_of(delivery).state, letter_of(delivery).tags) == ("open", [])


def test_a_confirmed_replay_is_done_and_bears_a_name(
    operator: Client, tenant_id: UUID, other_tenant_id: UUID, at: datetime
) -> None:
    mine, theirs = make_dead(tenant_id, at=at), make_dead(other_tenant_id, at=at)

    said = page(post(operator, "replay", mine.id, theirs.id, confirmed="yes", rate_per_second=5))
    again = page(post(operator, "replay", mine.id, theirs.id, confirmed="yes", rate_per_second=5))

    assert "2 of 2 replayed." in said
    assert "0 of 2 replayed." in again
    assert {letter_of(mine).replays, letter_of(theirs).replays} == {1}
    trail = AuditEntry.objects.filter(action="dead_letters.replayed").values_list("tenant_id", "actor")
    assert set(trail) == {(tenant_id, "user:eve"), (other_tenant_id, "user:eve")}


def test_everything_that_the_list_shows_can_be_selected(operator: Client, tenant_id: UUID, at: datetime) -> None:
    mails = [make_dead(tenant_id, at=at) for _ in range(3)]
    chat = make_dead(tenant_id, at=at, channel="chat")
    selected = {"action": "discard", "_selected_action": [str(mails[0].id)], "select_across": "1", "index": 0}

    asked = page(operator.post(f"{LIST}?channel=email", selected))
    operator.post(f"{LIST}?channel=email", {**selected, "confirmed": "yes", "reason": "no more"})

    assert "Discard 3 dead letters?" in asked
    assert 'name="select_across" value="1"' in asked
    assert {letter_of(mail).state for mail in mails} == {"discarded"}
    assert letter_of(chat).state == "open"


WRONG = [
    pytest.param("replay", {"rate_per_second": 0}, "greater than or equal to 1", id="rate"),
    pytest.param("replay", {}, "This field is required", id="no rate"),
    pytest.param("tag", {"add": "vip, <b>"}, "is no tag", id="tag"),
    pytest.param("discard", {"reason": "x" * 501}, "at most 500 characters", id="reason"),
]


@pytest.mark.parametrize(("action", "said", "complaint"), WRONG)
def test_what_will_not_do_is_asked_again(
    operator: Client, tenant_id: UUID, at: datetime, action: str, said: dict[str, Any], complaint: str
) -> None:
    delivery = make_dead(tenant_id, at=at)

    asked = page(post(operator, action, delivery.id, confirmed="yes", **said))

    assert complaint in asked
    assert (letter_of(delivery).state, letter_of(delivery).tags) == ("open", [])


def test_who_may_only_look_finds_no_action(db: None, client: Client, tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)
    reader = User.objects.create_user("bob", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_deadletter"))
    client.force_login(reader)

    assert str(delivery.id) in page(client.get(LIST))
    post(client, "discard", delivery.id, confirmed="yes")

    assert letter_of(delivery).state == "open"


def test_a_strategy_is_changed_as_a_new_version_or_not_at_all(operator: Client, tenant_id: UUID) -> None:
    seed(tenant_id)
    row = Strategy.objects.get(key="sequential")
    url = f"/admin/orchestrator/strategy/{row.id}/change/"
    steps = '{"steps": [{"channel": "sms", "after_seconds": 0}]}'
    form = {"name": "SMS only", "kind": "sequential", "configuration": steps, "active": "on"}

    complaint = page(operator.post(url, {**form, "configuration": "{}"}))
    page(operator.post(url, form), 302)

    row.refresh_from_db()
    assert "give steps, for example" in complaint
    assert (row.name, row.version, row.configuration["steps"][0]["channel"]) == ("SMS only", 2, "sms")
    entry = AuditEntry.objects.get(action="strategy.saved")
    assert (entry.actor, entry.object, entry.detail["version"]) == ("user:eve", "strategy:sequential", 2)
