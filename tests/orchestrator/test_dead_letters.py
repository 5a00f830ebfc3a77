"""What ran out of ways is kept, tagged, discarded; trying again has tests of its own."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from events.models import Event
from orchestrator.models import DeadLetter
from orchestrator.services.dead_letters import Narrowing, add, discard, matching, tag, withdraw
from tenants.models import AuditEntry
from tests.orchestrator.ledger_rows import dead, letter_of, make_dead, make_delivery, make_notification

LATER = timedelta(hours=1)


def events_of(delivery_id: UUID) -> list[tuple[str, str, str]]:
    rows = Event.objects.filter(delivery_id=delivery_id, kind__startswith="dead_letter.").order_by("id")
    return list(rows.values_list("kind", "reason", "actor"))


def test_a_delivery_that_died_is_kept_with_what_is_known_of_it(tenant_id: UUID, at: datetime) -> None:
    delivery = make_delivery(make_notification(tenant_id, at=at), state="dead", attempts=3)

    opened = add([dead(delivery, provider="smtp", error={"code": "smtp_451", "detail": "later"})], at=at)

    letter = letter_of(delivery)
    assert opened == 1
    assert (letter.tenant_id, letter.notification_id) == (tenant_id, delivery.notification_id)
    assert (letter.channel, letter.provider, letter.reason) == ("email", "smtp", "attempts_exhausted")
    assert (letter.error, letter.attempts) == ({"code": "smtp_451", "detail": "later"}, 3)
    assert (letter.state, letter.tags, letter.replays, letter.added_at) == ("open", [], 0, at)
    assert events_of(delivery.id) == [("dead_letter.added", "attempts_exhausted", "")]


def test_adding_nothing_asks_nothing_of_the_database(db: None, at: datetime, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert add([], at=at) == 0


def test_any_number_is_added_in_two_statements(
    tenant_id: UUID, at: datetime, django_assert_num_queries: object
) -> None:
    notification = make_notification(tenant_id, at=at, recipients=30)
    deliveries = [make_delivery(notification, state="dead") for _ in range(30)]

    with django_assert_num_queries(2):  # type: ignore[operator]
        assert add([dead(delivery) for delivery in deliveries], at=at) == 30


def test_an_open_letter_is_not_opened_again(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)

    opened = add([dead(delivery, attempts=9)], at=at + LATER)

    letter = letter_of(delivery)
    assert (opened, letter.attempts, letter.added_at) == (0, 3, at)
    assert len(events_of(delivery.id)) == 1


@pytest.mark.parametrize("state", ["replayed", "discarded"])
def test_one_that_dies_again_is_open_again_and_keeps_its_tags_and_replays(
    tenant_id: UUID, at: datetime, state: str
) -> None:
    delivery = make_dead(tenant_id, at=at)
    DeadLetter.objects.filter(id=delivery.id).update(state=state, replays=2, tags=["vip"], discarded_at=at)

    opened = add([dead(delivery, reason="poison", attempts=6)], at=at + LATER)

    letter = letter_of(delivery)
    assert (opened, letter.state, letter.reason, letter.attempts) == (1, "open", "poison", 6)
    assert (letter.replays, letter.tags, letter.added_at, letter.discarded_at) == (2, ["vip"], at + LATER, None)


NARROWINGS = [
    pytest.param(Narrowing(), {"mail", "chat", "tagged"}, id="open ones, unless said otherwise"),
    pytest.param(Narrowing(state=""), {"mail", "chat", "tagged", "gone"}, id="any state"),
    pytest.param(Narrowing(state="discarded"), {"gone"}, id="one state"),
    pytest.param(Narrowing(channel="chat"), {"chat"}, id="channel"),
    pytest.param(Narrowing(provider="slack"), {"chat"}, id="provider"),
    pytest.param(Narrowing(reason="poison"), {"tagged"}, id="reason"),
    pytest.param(Narrowing(tag="outage"), {"tagged"}, id="tag"),
    pytest.param(Narrowing(tag="out"), set(), id="no part of a tag"),
    pytest.param(Narrowing(channel="email", reason="poison"), {"tagged"}, id="all must agree"),
    pytest.param(
        Narrowing(added_after=datetime.fromisoformat("2026-11-20T13:00Z")), {"chat"}, id="added from, included"
    ),
    pytest.param(
        Narrowing(added_before=datetime.fromisoformat("2026-11-20T13:00Z")),
        {"mail", "tagged"},
        id="added until, excluded",
    ),
]


@pytest.mark.parametrize(("narrowing", "expected"), NARROWINGS)
def test_a_narrowing_means(
    tenant_id: UUID, other_tenant_id: UUID, at: datetime, narrowing: Narrowing, expected: set[str]
) -> None:
    mail = make_dead(tenant_id, at=at)
    chat = make_dead(tenant_id, at=at, channel="chat")
    tagged = make_dead(tenant_id, at=at, reason="poison")
    gone = make_dead(tenant_id, at=at)
    make_dead(other_tenant_id, at=at)
    DeadLetter.objects.filter(id=chat.id).update(provider="slack", added_at=at + LATER)
    DeadLetter.objects.filter(id=tagged.id).update(tags=["outage", "vip"])
    discard([gone.id], tenant_id=tenant_id, reason="", actor="test", at=at)

    found = set(matching(narrowing, tenant_id=tenant_id).values_list("id", flat=True))

    names = {mail.id: "mail", chat.id: "chat", tagged.id: "tagged", gone.id: "gone"}
    assert {names[id] for id in found} == expected


def test_tags_are_put_on_and_taken_off_once(tenant_id: UUID, at: datetime) -> None:
    first, second = make_dead(tenant_id, at=at), make_dead(tenant_id, at=at)
    both = [first.id, second.id]
    tag([second.id], tenant_id=tenant_id, add=["old", "outage"], actor="key:a", at=at)

    changed = tag(both, tenant_id=tenant_id, add=["outage", "vip"], remove=["old"], actor="key:a", at=at + LATER)
    again = tag(both, tenant_id=tenant_id, add=["outage", "vip"], remove=["old"], actor="key:a", at=at + LATER)

    assert (changed, again) == (2, 0)
    assert letter_of(first).tags == ["outage", "vip"]
    assert letter_of(second).tags == ["outage", "vip"]
    assert events_of(first.id)[1:] == [("dead_letter.tagged", "", "key:a")]
    assert list(
        AuditEntry.objects.filter(action="dead_letters.tagged").values_list("actor", "detail").order_by("id")
    ) == [
        ("key:a", {"count": 1, "add": ["old", "outage"], "remove": []}),
        ("key:a", {"count": 2, "add": ["outage", "vip"], "remove": ["old"]}),
    ]


def test_discarding_closes_open_ones_and_leaves_the_delivery_dead(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)

    changed = discard([delivery.id], tenant_id=tenant_id, reason="wrong number", actor="user:eve", at=at + LATER)
    again = discard([delivery.id], tenant_id=tenant_id, reason="wrong number", actor="user:eve", at=at + LATER)

    delivery.refresh_from_db()
    letter = letter_of(delivery)
    assert (changed, again, delivery.state) == (1, 0, "dead")
    assert (letter.state, letter.discarded_at) == ("discarded", at + LATER)
    assert events_of(delivery.id)[1:] == [("dead_letter.discarded", "", "user:eve")]
    entry = AuditEntry.objects.get(action="dead_letters.discarded")
    assert (entry.actor, entry.detail) == ("user:eve", {"count": 1, "reason": "wrong number"})


def test_nobody_touches_the_letters_of_another_tenant(tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    theirs = make_dead(other_tenant_id, at=at)

    tagged = tag([theirs.id], tenant_id=tenant_id, add=["mine"], actor="test", at=at)
    discarded = discard([theirs.id], tenant_id=tenant_id, reason="", actor="test", at=at)

    letter = letter_of(theirs)
    assert (tagged, discarded, letter.tags, letter.state) == (0, 0, [], "open")
    assert not AuditEntry.objects.filter(action__startswith="dead_letters.").exists()


def test_a_late_proof_withdraws_the_letter_without_a_person(tenant_id: UUID, at: datetime) -> None:
    delivery = make_dead(tenant_id, at=at)

    withdrawn = withdraw([delivery.id], at=at + LATER)

    assert (withdrawn, letter_of(delivery).state) == (1, "discarded")
    assert events_of(delivery.id)[1:] == [("dead_letter.discarded", "late_proof", "")]
    assert not AuditEntry.objects.filter(action="dead_letters.discarded").exists()
