"""The suppression list over real PostgreSQL: once in force, found by hash, lifted by somebody, apart by tenant."""

from datetime import datetime
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.privacy import erase
from events.models import Event
from preferences import address_hash
from preferences.address_hash import Contact, hash_of
from preferences.models import AddressKey, Suppression
from preferences.rules import Ban, Reason
from preferences.selectors import bans_on
from preferences.services import NewSuppression, lift, lift_where, suppress
from tenants.scope import tenant_scope
from tests.make import a_tenant

pytestmark = pytest.mark.django_db

ANA = "ana@example.org"


@pytest.fixture
def acme() -> UUID:
    return a_tenant("acme").id


def mail(tenant_id: UUID | None, address: str = ANA) -> Contact:
    return Contact(tenant_id, "email", address)


def test_an_address_is_suppressed_once_for_each_reason(acme: UUID, at: datetime) -> None:
    wanted = [NewSuppression(mail(acme), Reason.COMPLAINT), NewSuppression(mail(acme), Reason.HARD_BOUNCE)]

    first, again = suppress(wanted, source="receipt:x", at=at), suppress(wanted * 2, source="receipt:y", at=at)

    assert (len(first), again) == (2, [])
    assert set(bans_on([mail(acme)])[mail(acme)]) == {Ban(Reason.COMPLAINT), Ban(Reason.HARD_BOUNCE)}
    kept = Suppression.objects.get(reason="complaint")
    assert (kept.address_masked, kept.source, kept.scope) == ("a•••@example.org", "receipt:x", "")
    line = Event.objects.get(kind="suppression.added", reason="complaint")
    assert line.detail == {"channel": "email", "address": "a•••@example.org", "scope": ""}


def test_lifting_one_leaves_the_others_and_it_can_come_into_force_again(acme: UUID, at: datetime) -> None:
    wanted = [NewSuppression(mail(acme), reason) for reason in (Reason.STOP, Reason.HARD_BOUNCE)]
    stop, _ = suppress(wanted, source="sms:x", at=at)

    assert lift_where([mail(acme)], reasons=[Reason.STOP], actor="sms:x", why="START", at=at) == [stop]
    assert lift([stop], actor="key:1", why="again", at=at) == []
    assert bans_on([mail(acme)]) == {mail(acme): (Ban(Reason.HARD_BOUNCE),)}
    assert len(suppress(wanted, source="sms:x", at=at)) == 1
    lifted = Suppression.objects.get(id=stop)
    assert (lifted.lifted_at, lifted.lifted_by, lifted.lift_reason) == (at, "sms:x", "START")


def test_the_address_survives_its_person_as_a_hash_alone(acme: UUID, at: datetime) -> None:
    suppress([NewSuppression(mail(acme), Reason.UNSUBSCRIBE, "category:news")], source="page", at=at)

    erase(tenant_id=acme, external_id="ana", actor="test", at=at)

    assert bans_on([mail(acme)]) == {mail(acme): (Ban(Reason.UNSUBSCRIBE, "category:news"),)}
    assert ANA not in str(Suppression.objects.values().get())


def test_a_mailbox_is_the_same_in_any_case_and_a_token_is_not(acme: UUID) -> None:
    assert hash_of(mail(acme, "ANA@example.org")) == hash_of(mail(acme))
    assert hash_of(Contact(acme, "push", "Token")) != hash_of(Contact(acme, "push", "token"))
    assert hash_of(mail(acme)) != hash_of(Contact(acme, "sms", ANA))


def test_tenants_know_nothing_of_each_other(acme: UUID, at: datetime) -> None:
    globex = a_tenant("globex").id
    suppress([NewSuppression(mail(acme), Reason.MANUAL)], source="key:1", at=at)

    assert bans_on([mail(globex)]) == {}
    assert hash_of(mail(globex)) != hash_of(mail(acme))
    with tenant_scope(globex):
        assert not Suppression.objects.exists()
        assert lift(list(Suppression.objects.values_list("id", flat=True)), actor="x", why="x", at=at) == []


def test_what_holds_for_everybody_is_heeded_in_a_tenants_scope_and_not_shown(acme: UUID, at: datetime) -> None:
    suppress([NewSuppression(mail(None), Reason.MANUAL)], source="user:ops", at=at)

    with tenant_scope(acme):
        assert bans_on([mail(acme)]) == {mail(acme): (Ban(Reason.MANUAL),)}
        assert not Suppression.objects.exists()
    assert not Event.objects.filter(kind="suppression.added").exists()


def test_many_cost_as_much_as_one(acme: UUID, at: datetime) -> None:
    hash_of(mail(acme))
    counts = []
    for size in (1, 1000):
        contacts = [mail(acme, f"p{n}-{size}@example.org") for n in range(size)]
        with CaptureQueriesContext(connection) as captured:
            suppress([NewSuppression(contact, Reason.MANUAL) for contact in contacts], source="key:1", at=at)
            assert len(bans_on(contacts)) == size
        counts.append(len(captured))

    assert counts[0] == counts[1]


@pytest.mark.django_db(transaction=True)
def test_a_new_secret_key_forgets_nobody(settings: Settings) -> None:
    address_hash._kept.begin()
    before = hash_of(mail(None))
    former, settings.SECRET_KEY = settings.SECRET_KEY, "a new one"
    settings.SECRET_KEY_FALLBACKS = [former]
    address_hash._kept.begin()
    sealed = bytes(AddressKey.objects.get().sealed)

    assert hash_of(mail(None)) == before

    settings.SECRET_KEY_FALLBACKS = []
    address_hash._kept.begin()
    assert hash_of(mail(None)) == before
    assert bytes(AddressKey.objects.get().sealed) != sealed
    address_hash._kept.begin()
