"""Nobody opens somebody else's preference centre; nothing typed or named there becomes markup, header or command."""

import re
import threading
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from audience.privacy import erase
from audience.services import upsert_recipients
from audience.values import RecipientInput
from notifications.models import NotificationType
from preferences.address_hash import Contact, hash_of
from preferences.models import Consent, Preferences
from preferences.pages.centre import MOST_BYTES
from preferences.rules.centre_token import Opening, read, write
from preferences.services import leaving_of, unsubscribe_url
from preferences.services.centre_links import centre_link, opening_of, take_back_links
from preferences.services.choosing import keep_known
from preferences.services.consents import NewConsent, record_consents
from tenants.models import Tenant
from tests.make import AT, a_tenant

pytestmark = pytest.mark.django_db

NASTY = '"><script>alert(1)</script><img src=x onerror=alert(1)> {{ words }} {% include "x" %} \u202eoops'
EVERYTHING_OFF = {"save": "nothing"}


@pytest.fixture
def acme() -> Tenant:
    hash_of(Contact(None, "email", "x"))
    return a_tenant("acme", name="Acme")


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    return person(acme, "ana")


@pytest.fixture
def token(acme: Tenant, ana: UUID) -> str:
    return token_of(acme.id, ana)


def person(tenant: Tenant, name: str) -> UUID:
    given = RecipientInput(id=name, email=f"{name}@example.org")
    return upsert_recipients(tenant_id=tenant.id, recipients=[given], at=AT)[name]


def token_of(tenant_id: UUID, recipient_id: UUID) -> str:
    url, _ = centre_link(tenant_id, recipient_id, at=datetime.now(UTC))
    return url.rpartition("/")[2]


def both(token: str) -> list[HttpResponse]:
    return [Client().get(f"/p/{token}"), Client().post(f"/p/{token}", EVERYTHING_OFF)]


def refused(token: str) -> bool:
    return all(answer.status_code == 404 for answer in both(token)) and not Preferences.objects.exists()


def test_every_flipped_bit_of_a_token_is_refused(token: str) -> None:
    now = datetime.now(UTC)
    accepted = [
        (place, bit)
        for place, letter in enumerate(token)
        for bit in range(8)
        if opening_of(token[:place] + chr(ord(letter) ^ (1 << bit)) + token[place + 1 :], at=now) is not None
    ]

    assert accepted == []
    assert [cut for cut in range(len(token)) if opening_of(token[:cut], at=now) is not None] == []
    assert opening_of(f"{token}=", at=now) is None
    assert opening_of(token, at=now) is not None


@pytest.mark.parametrize("forged", ["AAAA", "A" * 88, "../admin", "%00", "é", "x" * 5000])
def test_what_we_did_not_sign_opens_nothing(forged: str) -> None:
    assert refused(forged)


def test_a_token_signed_with_another_key_is_nothing() -> None:
    opening = Opening(uuid4(), uuid4(), AT, AT + timedelta(days=1))

    assert read(write(opening, keys=[b"a" * 32]), at=AT, keys=[b"b" * 32]) is None
    assert read(write(opening, keys=[b"a" * 32]), at=AT, keys=[b"b" * 32, b"a" * 32]) == opening
    assert read(write(opening, keys=[b"a" * 32]), at=AT + timedelta(days=1), keys=[b"a" * 32]) is None


def test_a_person_of_one_tenant_is_nobody_in_another(ana: UUID) -> None:
    assert refused(token_of(a_tenant("globex").id, ana))


def test_an_unsubscribe_token_opens_no_centre_and_the_other_way_round(acme: Tenant, ana: UUID, token: str) -> None:
    url = unsubscribe_url(
        tenant_id=acme.id,
        recipient_id=ana,
        endpoint_id=uuid4(),
        channel="email",
        address="ana@example.org",
        category="news",
        type="digest",
    )

    assert refused(url.rpartition("/")[2])
    assert leaving_of(token) is None
    assert Client().post(f"/u/{token}", {"List-Unsubscribe": "One-Click"}).status_code == 404


def test_links_that_were_taken_back_open_nothing_and_new_ones_do(acme: Tenant, ana: UUID, token: str) -> None:
    take_back_links(acme.id, ana, at=datetime.now(UTC))

    assert refused(token)
    assert Client().get(f"/p/{token_of(acme.id, ana)}").status_code == 200


def test_a_link_dies_with_the_person_and_survives_a_new_secret_key(
    acme: Tenant, token: str, settings: Settings
) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    assert Client().get(f"/p/{token}").status_code == 200

    erase(tenant_id=acme.id, external_id="ana", actor="test", at=AT)
    assert refused(token)


@pytest.mark.django_db(transaction=True)
def test_nobody_is_erased_in_the_middle_of_a_save() -> None:
    hash_of(Contact(None, "email", "x"))
    tenant = a_tenant("acme")
    with transaction.atomic():
        ana = person(tenant, "ana")
    done = threading.Event()

    def forget() -> None:
        with transaction.atomic():
            erase(tenant_id=tenant.id, external_id="ana", actor="test", at=AT)
        connection.close()
        done.set()

    erasing = threading.Thread(target=forget)
    with transaction.atomic():
        assert keep_known(ana)
        erasing.start()
        _until_somebody_waits()
        assert not done.is_set()
        record_consents(tenant.id, [NewConsent(ana, "news", "email", True, "v1", "page", AT)], actor="x", at=AT)
    erasing.join(10)

    assert done.is_set()
    assert not keep_known_now(ana)
    assert Consent.objects.count() == 1


def keep_known_now(recipient_id: UUID) -> bool:
    with transaction.atomic():
        return keep_known(recipient_id)


def _until_somebody_waits() -> None:
    with connection.cursor() as cursor:
        for _ in range(500):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise AssertionError("nobody waits for the lock")


def test_too_much_at_once_is_refused_and_not_read(token: str) -> None:
    answer = Client().post(f"/p/{token}", {**EVERYTHING_OFF, "timezone": "x" * MOST_BYTES})

    assert answer.status_code == 413
    assert not Preferences.objects.exists()


@pytest.mark.parametrize("said", [{}, {"save": ""}, {"save": "all"}, {"on": "channels|email"}])
def test_a_post_that_does_not_say_so_saves_nothing(token: str, said: dict[str, str]) -> None:
    assert Client().post(f"/p/{token}", said).status_code == 400
    assert not Preferences.objects.exists()


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_not_taken(token: str, method: str) -> None:
    assert getattr(Client(), method)(f"/p/{token}").status_code == 405


def test_names_and_what_was_typed_are_text_and_nothing_else(acme: Tenant, token: str) -> None:
    Tenant.objects.filter(id=acme.id).update(name=NASTY)
    NotificationType.objects.create(tenant_id=acme.id, key="x", name=NASTY, category=NASTY[:90], channels=["email"])
    fields = {"save": "choices", "timezone": NASTY, "language": NASTY, "quiet-0-from": NASTY, "gather_at": NASTY}

    for answer in (Client().get(f"/p/{token}"), Client().post(f"/p/{token}", fields)):
        page = answer.content.decode()
        assert "<script" not in page
        assert "<img" not in page
        assert "{{ words }}" in page
        assert "onerror=alert(1)&gt;" in page


def test_what_was_typed_gets_into_no_header(token: str) -> None:
    broken = "Europe/Paris\r\nSet-Cookie: stolen=1"
    for fields in ({"save": "choices", "timezone": broken}, {"save": broken}, {"save": "choices", "on": broken}):
        answer = Client().post(f"/p/{token}?saved\r\nX-Evil: 1", fields)
        assert answer.cookies == {}
        assert "X-Evil" not in answer.headers
        assert not any("\n" in value for value in answer.headers.values())


def test_nobody_is_sent_elsewhere_after_saving(token: str) -> None:
    answer = Client().post(f"/p/{token}?next=https://evil.example", {"save": "choices", "next": "//evil.example"})

    assert answer.status_code == 303
    assert answer["Location"] == f"/p/{token}?saved"


def test_what_nobody_offered_is_not_kept(acme: Tenant, ana: UUID, token: str) -> None:
    fields = {
        "save": "choices",
        "on": ["channels|email", "channels|fax", "category:security|email", "forced|x", "x" * 2000, "|", "types|"],
        "agree": ["marketing|sms", "everything|all"],
        "conditions": "[]",
        "often-99": "hour",
        "quiet-11-from": "10:00",
    }

    assert Client().post(f"/p/{token}", fields).status_code == 303
    assert not Preferences.objects.exclude(document={}).exists()
    assert not Consent.objects.exists()


def test_the_page_needs_nothing_from_anywhere_and_may_load_nothing(token: str) -> None:
    for answer in (Client().get(f"/p/{token}"), Client().get("/p/AAAA")):
        page = answer.content.decode()
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert answer.cookies == {}
        assert not re.search(r"<(script|iframe|img|link|object)\b|\son\w+=|\ssrc=|style=", page)
