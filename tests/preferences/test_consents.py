"""The record of consents over real PostgreSQL: appended, never changed, found by the newest word, outliving people."""

import threading
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audience.privacy import erase
from events.models import Event
from preferences import consent_requirements
from preferences.address_hash import Contact, hash_of
from preferences.consent_requirements import forget_requirements, keep_demands, requirements_of
from preferences.models import Consent, ConsentProof
from preferences.rules.consent import DEFAULT_REQUIREMENTS, EVERY_CHANNEL, Said
from preferences.selectors_consents import consent_states
from preferences.services.consents import NewConsent, hold_words_still, record_consents
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests.make import a_tenant, recipients

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    forget_requirements()


@pytest.fixture
def acme() -> Tenant:
    return a_tenant("acme")


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    return recipients(acme, "ana")["ana"]


def word(who: UUID, *, given: bool = True, at: datetime, **facts: Any) -> NewConsent:
    said = {"purpose": "marketing", "channel": "sms", "text_version": "v1", "source": "api", **facts}
    return NewConsent(recipient_id=who, given=given, at=at, **said)


def test_the_newest_word_counts_and_not_the_last_one_to_arrive(acme: Tenant, ana: UUID, at: datetime) -> None:
    earlier, before = at - timedelta(days=9), at - timedelta(days=2)
    record_consents(acme.id, [word(ana, given=False, at=before)], actor="key:1", at=at)
    record_consents(acme.id, [word(ana, at=earlier), word(ana, at=earlier, channel="all")], actor="import", at=at)

    assert consent_states([ana], ["marketing"]) == {
        ana: (Said("marketing", EVERY_CHANNEL, True, earlier), Said("marketing", "sms", False, before))
    }


def test_at_one_moment_a_no_counts(acme: Tenant, ana: UUID, at: datetime) -> None:
    record_consents(acme.id, [word(ana, given=False, at=at), word(ana, at=at)], actor="key:1", at=at)

    assert consent_states([ana], ["marketing"]) == {ana: (Said("marketing", "sms", False, at),)}


def test_each_record_is_told_in_the_log(acme: Tenant, ana: UUID, at: datetime) -> None:
    rows = record_consents(acme.id, [word(ana, at=at), word(ana, given=False, at=at)], actor="key:1", at=at)

    told = Event.objects.filter(tenant_id=acme.id).order_by("id")
    assert list(told.values_list("kind", "actor")) == [("consent.given", "key:1"), ("consent.withdrawn", "key:1")]
    assert [event.detail["consent"] for event in told] == [str(row.id) for row in rows]


@pytest.mark.parametrize(
    "change", ["UPDATE preferences_consent SET state = 'given'", "DELETE FROM preferences_consent"]
)
def test_nobody_changes_a_record(acme: Tenant, ana: UUID, at: datetime, change: str) -> None:
    record_consents(acme.id, [word(ana, given=False, at=at)], actor="key:1", at=at)

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert Consent.objects.get().state == "withdrawn"


def test_many_cost_as_much_as_one(acme: Tenant, at: datetime) -> None:
    counts = []
    for size in (1, 300):
        people = recipients(acme, *(f"p{size}-{n}" for n in range(size)))
        hash_of(Contact(acme.id, "email", "x"))
        forget_requirements()
        with CaptureQueriesContext(connection) as captured:
            said = [word(id, at=at, purpose=f"news {size}") for id in people.values()]
            record_consents(acme.id, said, actor="key:1", at=at)
            assert len(consent_states(people.values(), [f"news {size}"])) == size
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_nothing_is_asked_for_no_purpose(ana: UUID) -> None:
    with CaptureQueriesContext(connection) as captured:
        assert consent_states([ana], []) == {}
        assert consent_states([], ["marketing"]) == {}
    assert len(captured) == 0


def test_what_was_agreed_to_outlives_the_person_without_naming_them(acme: Tenant, ana: UUID, at: datetime) -> None:
    said = word(ana, at=at, channel="email", proof={"ip": "192.0.2.7", "form": "newsletter"})
    record_consents(acme.id, [said], actor="key:1", at=at)

    erase(tenant_id=acme.id, external_id="ana", actor="test", at=at)

    kept = Consent.objects.values().get()
    assert not ConsentProof.objects.exists()
    assert (kept["purpose"], kept["state"], kept["text_version"], kept["at"]) == ("marketing", "given", "v1", at)
    assert [bytes(found) for found in kept["address_hashes"]] == [hash_of(Contact(acme.id, "email", "ana@example.org"))]
    assert "192.0.2.7" not in str(kept)
    assert "example.org" not in str(kept)


def test_tenants_know_nothing_of_each_others(acme: Tenant, ana: UUID, at: datetime) -> None:
    record_consents(acme.id, [word(ana, at=at)], actor="key:1", at=at)

    with tenant_scope(a_tenant("globex").id):
        assert consent_states([ana], ["marketing"]) == {}
        assert not Consent.objects.exists()
        assert not ConsentProof.objects.exists()


def test_what_is_demanded_is_the_default_until_a_tenant_says_otherwise(acme: Tenant, at: datetime) -> None:
    assert requirements_of([acme.id])[acme.id] == DEFAULT_REQUIREMENTS

    keep_demands(acme.id, [{"purpose": "news", "channels": ["email", "all"]}], at=at)
    forget_requirements()
    assert requirements_of([acme.id])[acme.id].channels == {"news": frozenset({"email", "all"})}


def test_demands_are_read_once_in_a_while_for_all_tenants(
    acme: Tenant, ana: UUID, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr(consent_requirements, "monotonic", lambda: clock[0])
    globex = a_tenant("globex")
    with CaptureQueriesContext(connection) as captured, tenant_scope(acme.id):
        requirements_of([acme.id, globex.id])
    with CaptureQueriesContext(connection) as nothing:
        requirements_of([acme.id, globex.id])
    record_consents(acme.id, [word(ana, at=at)], actor="key:1", at=at)

    assert sum("consentrequirements" in query["sql"] for query in captured) == 1
    assert len(nothing) == 0
    clock[0] += consent_requirements.FRESH_SECONDS
    assert requirements_of([acme.id])[acme.id].spoken_of == {"marketing"}


@pytest.mark.django_db(transaction=True)
def test_a_withdrawal_waits_for_sends_that_are_being_begun(at: datetime) -> None:
    acme = a_tenant("acme")
    with transaction.atomic():
        ana = recipients(acme, "ana")["ana"]
    hash_of(Contact(acme.id, "email", "x"))
    begun, done = threading.Event(), threading.Event()

    def withdraw() -> None:
        begun.set()
        record_consents(acme.id, [word(ana, given=False, at=at)], actor="key:1", at=at)
        connection.close()
        done.set()

    withdrawing = threading.Thread(target=withdraw)
    with transaction.atomic():
        hold_words_still([ana])
        withdrawing.start()
        begun.wait(10)
        _until_somebody_waits()
        assert not done.is_set()
        assert consent_states([ana], ["marketing"]) == {}
    withdrawing.join(10)

    assert done.is_set()
    assert consent_states([ana], ["marketing"])[ana][0].given is False


def _until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for the lock")
