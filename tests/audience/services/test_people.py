import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test.utils import CaptureQueriesContext

from audience.models import Endpoint, InboxItem, Recipient, SegmentMember
from audience.selectors import people, recipient_ids
from audience.services import (
    change_members,
    deliver_to_inbox,
    disable_endpoints,
    erase,
    forget_endpoint,
    merge_recipients,
    replace_recipients,
    save_segment,
    upsert_recipients,
)
from audience.values import EndpointFacts, EndpointInput, InboxItemInput, InvalidRecipients, Profile, RecipientInput
from tenants.models import AuditEntry
from tenants.scope import tenant_scope

Somebody = tuple[UUID, UUID, str]


def addresses_of(recipient_id: UUID) -> set[tuple[str, str]]:
    return set(Endpoint.objects.filter(recipient_id=recipient_id).values_list("channel", "address"))


def profiles(count: int, *, email: str = "{}@example.org") -> list[Profile]:
    return [
        Profile(
            f"user-{number}",
            email=email.format(number),
            phone=f"+336{number:08d}",
            attributes={"number": number},
            endpoints=((("push", f"token-{number}"), EndpointFacts(kind="fcm")),),
        )
        for number in range(count)
    ]


def statements(act: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        act()
    return [query["sql"] for query in queries]


def test_new_people_get_ids_endpoints_and_moments(tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        ids = upsert_recipients(
            tenant_id=tenant_id,
            recipients=[RecipientInput(id="ana", email="ana@EXAMPLE.org", locale="fr", attributes={"plan": "pro"})],
            at=at,
        )

    row = Recipient.objects.get(id=ids["ana"])
    assert (row.external_id, row.locale, row.timezone, row.attributes) == ("ana", "fr", "", {"plan": "pro"})
    assert (row.created_at, row.updated_at) == (at, at)
    assert addresses_of(row.id) == {("email", "ana@example.org")}


def test_bad_input_is_refused_with_every_fault_and_nothing_is_written(tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id), pytest.raises(InvalidRecipients) as refused:
        upsert_recipients(
            tenant_id=tenant_id,
            recipients=[
                RecipientInput(id="ana", email="ana@example.org"),
                RecipientInput(id="bob", email="no"),
                RecipientInput(id="eve", endpoints=[EndpointInput(channel="fax", address="1")]),
            ],
            at=at,
        )

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("/1/email", "invalid_email"),
        ("/2/endpoints/0/channel", "unknown_channel"),
    ]
    assert not Recipient.objects.exists()


def test_merging_leaves_what_is_unspoken(ana: Somebody, tenant_id: UUID, at: datetime) -> None:
    later = at + timedelta(hours=1)

    with tenant_scope(tenant_id):
        kept = merge_recipients(
            tenant_id=tenant_id,
            profiles=[Profile("ana", email="new@example.org", attributes={"plan": "pro"})],
            at=later,
        )

    row = Recipient.objects.get()
    assert not kept.created
    assert (row.locale, row.timezone, row.attributes) == ("fr", "Europe/Paris", {"plan": "pro"})
    assert (row.created_at, row.updated_at) == (at, later)
    assert addresses_of(row.id) == {("email", "new@example.org"), ("sms", "+33612345678")}


def test_replacing_takes_away_what_is_unspoken(ana: Somebody, tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        replace_recipients(tenant_id=tenant_id, profiles=[Profile("ana", phone="+33612345678")], at=at)

    row = Recipient.objects.get()
    assert (row.locale, row.timezone) == ("", "")
    assert addresses_of(row.id) == {("sms", "+33612345678")}


def test_the_same_person_twice_in_one_call_is_one_person(tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        kept = merge_recipients(
            tenant_id=tenant_id,
            profiles=[Profile("ana", email="a@example.org", locale="fr"), Profile("ana", email="b@example.org")],
            at=at,
        )

    row = Recipient.objects.get()
    assert kept.ids == {"ana": row.id}
    assert row.locale == "fr"
    assert addresses_of(row.id) == {("email", "b@example.org")}


def test_saying_the_same_again_writes_nothing(tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        merge_recipients(tenant_id=tenant_id, profiles=profiles(3), at=at)
        again = statements(lambda: merge_recipients(tenant_id=tenant_id, profiles=profiles(3), at=at))

    assert all(look.strip().startswith("SELECT") for look in again)
    assert not any("FOR NO KEY UPDATE" in look for look in again)


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_as_many_statements_for_a_thousand_people_as_for_one(tenant_id: UUID, at: datetime, count: int) -> None:
    with tenant_scope(tenant_id):
        new = statements(lambda: merge_recipients(tenant_id=tenant_id, profiles=profiles(count), at=at))
        changed = statements(
            lambda: merge_recipients(tenant_id=tenant_id, profiles=profiles(count, email="{}@new.example"), at=at)
        )
        replaced = statements(
            lambda: replace_recipients(
                tenant_id=tenant_id, profiles=[Profile(f"user-{n}", locale="fr") for n in range(count)], at=at
            )
        )

    assert Recipient.objects.filter(locale="fr").count() == count
    assert not Endpoint.objects.exists()
    assert (len(new), len(changed), len(replaced)) == (4, 7, 6)


def test_a_disabled_endpoint_stays_disabled_when_it_is_named_again(
    ana: Somebody, tenant_id: UUID, at: datetime
) -> None:
    email = Endpoint.objects.get(channel="email")

    with tenant_scope(tenant_id):
        assert disable_endpoints(ids=[email.id], reason="invalid_address", at=at) == {email.id}
        assert disable_endpoints(ids=[email.id], reason="other", at=at) == set()
        merge_recipients(tenant_id=tenant_id, profiles=[Profile("ana", email="ana@example.org")], at=at)

    email.refresh_from_db()
    assert (email.disabled_at, email.disabled_reason) == (at, "invalid_address")


def test_people_are_found_with_their_usable_endpoints_newest_first(
    ana: Somebody, tenant_id: UUID, at: datetime
) -> None:
    with tenant_scope(tenant_id):
        merge_recipients(
            tenant_id=tenant_id,
            profiles=[Profile("ana", endpoints=((("email", "second@example.org"), EndpointFacts(label="work")),))],
            at=at + timedelta(seconds=1),
        )
        disable_endpoints(
            ids=list(Endpoint.objects.filter(channel="sms").values_list("id", flat=True)), reason="x", at=at
        )
        ids = recipient_ids(tenant_id, external_ids=["ana", "nobody"])

        with CaptureQueriesContext(connection) as queries:
            found = people(ids.values())

    assert list(ids) == ["ana"]
    assert len(queries) == 2
    person = found[ids["ana"]]
    assert (person.tenant_id, person.external_id, person.locale, person.timezone) == (
        tenant_id,
        "ana",
        "fr",
        "Europe/Paris",
    )
    assert {channel: [e.address for e in endpoints] for channel, endpoints in person.endpoints.items()} == {
        "email": ["second@example.org", "ana@example.org"]
    }
    assert person.endpoints["email"][0].label == "work"


def test_nobody_is_found_without_a_statement(tenant_id: UUID) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert people([]) == {}
        assert recipient_ids(tenant_id, external_ids=[]) == {}

    assert len(queries) == 0


def test_erasing_takes_everything_of_a_person_along(ana: Somebody, tenant_id: UUID, at: datetime) -> None:
    item = InboxItemInput(uuid4(), tenant_id, ana.id, uuid4(), "Hello", "World")
    assert deliver_to_inbox([item], at=at).new == {item.id}
    with tenant_scope(tenant_id):
        segment, _ = save_segment(tenant_id=tenant_id, key="vip", name="", at=at)
        change_members(segment, add=["ana"], remove=[], at=at)

        assert erase(tenant_id=tenant_id, external_id="ana", actor="key:test", at=at)
        assert not erase(tenant_id=tenant_id, external_id="ana", actor="key:test", at=at)

    for model in (Recipient, Endpoint, InboxItem, SegmentMember):
        assert not model.objects.exists()
    line = AuditEntry.objects.get(action="recipient.erased")
    assert (line.tenant_id, line.actor, line.object, line.at) == (tenant_id, "key:test", f"recipient:{ana.id}", at)


def test_one_endpoint_can_be_forgotten_but_not_somebody_elses(
    ana: Somebody, make_recipient: Callable[..., Somebody], tenant_id: UUID
) -> None:
    bob = make_recipient(tenant_id, "bob", email="bob@example.org")
    email = Endpoint.objects.get(recipient_id=ana.id, channel="email")

    with tenant_scope(tenant_id):
        assert not forget_endpoint(tenant_id=tenant_id, recipient_id=bob.id, endpoint_id=email.id)
        assert forget_endpoint(tenant_id=tenant_id, recipient_id=ana.id, endpoint_id=email.id)

    assert addresses_of(ana.id) == {("sms", "+33612345678")}
    assert addresses_of(bob.id) == {("email", "bob@example.org")}


def test_another_tenant_sees_nobody_and_erases_nobody(
    ana: Somebody, other_tenant_id: UUID, tenant_id: UUID, at: datetime
) -> None:
    with tenant_scope(other_tenant_id):
        assert not Recipient.objects.exists()
        assert not Endpoint.objects.exists()
        assert people([ana.id]) == {}
        assert not erase(tenant_id=tenant_id, external_id="ana", actor="key:test", at=at)

    assert Recipient.objects.count() == 1


def test_another_tenants_person_cannot_be_written(tenant_id: UUID, other_tenant_id: UUID, at: datetime) -> None:
    with pytest.raises(ProgrammingError, match="row-level security"), tenant_scope(other_tenant_id):
        merge_recipients(tenant_id=tenant_id, profiles=[Profile("eve")], at=at)


def run_together(*acts: Callable[[], None]) -> list[BaseException]:
    troubles: list[BaseException] = []
    together = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        try:
            together.wait()
            act()
        except BaseException as trouble:  # noqa: BLE001 - handed to the test
            troubles.append(trouble)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return troubles


@pytest.mark.django_db(transaction=True)
def test_the_same_new_people_in_opposite_orders_do_not_deadlock(tenant_id: UUID, at: datetime) -> None:
    rounds, together = 6, threading.Barrier(2)

    def import_all(worker: int) -> None:
        for number in range(rounds):
            everybody = [Profile(f"user-{number}-{n}") for n in range(500)]
            if worker:
                everybody.reverse()
            together.wait(timeout=30)
            with tenant_scope(tenant_id):
                merge_recipients(tenant_id=tenant_id, profiles=everybody, at=at)

    troubles = run_together(lambda: import_all(0), lambda: import_all(1))

    assert troubles == []
    assert Recipient.objects.count() == rounds * 500


@pytest.mark.django_db(transaction=True)
def test_the_same_known_people_in_opposite_orders_do_not_deadlock(tenant_id: UUID, at: datetime) -> None:
    rounds = 15

    def import_all(worker: int) -> None:
        for number in range(rounds):
            everybody = profiles(60, email=f"{{}}-{worker}-{number}@example.org")
            if worker % 2:
                everybody.reverse()
            with tenant_scope(tenant_id):
                merge_recipients(tenant_id=tenant_id, profiles=everybody, at=at)

    troubles = run_together(*(lambda worker=worker: import_all(worker) for worker in range(4)))

    assert troubles == []
    assert Recipient.objects.count() == 60
    assert Endpoint.objects.filter(channel="email").count() == 60
    assert Endpoint.objects.count() == 180


@pytest.mark.django_db(transaction=True)
def test_two_people_adding_attributes_at_once_lose_neither(tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        merge_recipients(tenant_id=tenant_id, profiles=[Profile("ana")], at=at)

    def add(worker: int) -> None:
        for number in range(20):
            with tenant_scope(tenant_id):
                merge_recipients(
                    tenant_id=tenant_id, profiles=[Profile("ana", attributes={f"{worker}-{number}": True})], at=at
                )

    troubles = run_together(*(lambda worker=worker: add(worker) for worker in range(3)))

    assert troubles == []
    assert len(Recipient.objects.get().attributes) == 60


@pytest.mark.django_db(transaction=True)
def test_somebody_erased_while_we_waited_for_them_is_created_anew(tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        merge_recipients(tenant_id=tenant_id, profiles=[Profile("ana", email="old@example.org")], at=at)
    erased, looked = threading.Event(), threading.Event()

    def erase_slowly() -> None:
        with tenant_scope(tenant_id):
            erase(tenant_id=tenant_id, external_id="ana", actor="key:test", at=at)
            erased.set()
            looked.wait(timeout=2)  # long enough for the other one to look and to wait for the lock

    def merge() -> None:
        erased.wait(timeout=10)
        with tenant_scope(tenant_id):
            merge_recipients(tenant_id=tenant_id, profiles=[Profile("ana", phone="+33612345678")], at=at)

    troubles = run_together(erase_slowly, merge)

    assert troubles == []
    assert addresses_of(Recipient.objects.get().id) == {("sms", "+33612345678")}


@pytest.mark.django_db(transaction=True)
def test_locking_outside_a_transaction_is_a_mistake_that_shows(tenant_id: UUID, at: datetime) -> None:
    merge_recipients(tenant_id=tenant_id, profiles=[Profile("ana")], at=at)

    with pytest.raises(transaction.TransactionManagementError):
        merge_recipients(tenant_id=tenant_id, profiles=[Profile("ana", locale="fr")], at=at)
