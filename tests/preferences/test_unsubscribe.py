"""One click leaves, a look never does, and nobody leaves for somebody else."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from audience.models import Endpoint
from audience.privacy import erase
from audience.services import upsert_recipients
from audience.values import RecipientInput
from events.models import Event
from preferences.address_hash import Contact, hash_of
from preferences.models import Suppression
from preferences.pages.words import DEFAULT, WORDS
from preferences.rules import Ban, Reason
from preferences.selectors import bans_on
from preferences.services import leaving_of, unsubscribe_url
from preferences.services.centre_links import take_back_links
from tenants.models import Tenant
from tests.make import AT, a_tenant

pytestmark = pytest.mark.django_db

ANA = "ana@example.org"
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
def tenant() -> Tenant:
    return a_tenant("acme", name="Acme & Söhne")


@pytest.fixture
def token(tenant: Tenant) -> str:
    return url_for(tenant, category="weekly_news").rpartition("/")[2]


def url_for(tenant: Tenant, *, category: str, type: str = "digest") -> str:
    with transaction.atomic():
        person = RecipientInput(id="ana", email=ANA)
        people = upsert_recipients(tenant_id=tenant.id, recipients=[person], at=AT)
    recipient_id = people["ana"]
    return unsubscribe_url(
        tenant_id=tenant.id,
        recipient_id=recipient_id,
        endpoint_id=endpoint_of(recipient_id),
        channel="email",
        address=ANA,
        category=category,
        type=type,
    )


def endpoint_of(recipient_id: UUID) -> UUID:
    return Endpoint.objects.get(recipient_id=recipient_id).id


def get(token: str, **headers: str) -> HttpResponse:
    return Client(enforce_csrf_checks=True).get(f"/u/{token}", headers=headers)


def post(token: str, said: dict[str, str], **more: Any) -> HttpResponse:
    return Client(enforce_csrf_checks=True).post(f"/u/{token}", said, **more)


def bans(tenant: Tenant) -> tuple[Ban, ...]:
    contact = Contact(tenant.id, "email", ANA)
    return bans_on([contact]).get(contact, ())


def test_a_click_of_a_mailbox_provider_leaves_at_once(tenant: Tenant, token: str) -> None:
    answer = Client(enforce_csrf_checks=True).post(
        f"/u/{token}", "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )

    assert (answer.status_code, answer.cookies) == (200, {})
    assert bans(tenant) == (Ban(Reason.UNSUBSCRIBE, "category:weekly_news"),)
    kept = Suppression.objects.get()
    assert (kept.tenant_id, kept.address_masked, kept.source) == (tenant.id, "a•••@example.org", "page")
    assert Event.objects.get(kind="suppression.added").tenant_id == tenant.id


def test_a_click_takes_few_statements_and_the_second_one_no_more(tenant: Tenant, token: str) -> None:
    def statements() -> int:
        asked: list[str] = []

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            asked.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            assert post(token, ONE_CLICK).status_code == 200
        return len(asked)

    first, second = statements(), statements()

    assert second <= first <= 16, (first, second)  # savepoints and scopes included


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_look_changes_nothing_however_often_it_is_taken(tenant: Tenant, token: str, method: str) -> None:
    for _ in range(3):
        answer = getattr(Client(), method)(f"/u/{token}?List-Unsubscribe=One-Click")
        assert answer.status_code == 200

    assert bans(tenant) == ()


@pytest.mark.parametrize("said", [{}, {"List-Unsubscribe": "no"}, {"x": "One-Click"}])
def test_a_post_that_does_not_say_so_leaves_nothing(tenant: Tenant, token: str, said: dict[str, str]) -> None:
    assert post(token, said).status_code == 400
    assert bans(tenant) == ()


def test_twice_is_once_and_it_can_be_taken_back(tenant: Tenant, token: str) -> None:
    post(token, ONE_CLICK)
    assert post(token, ONE_CLICK).status_code == 200
    assert Suppression.objects.count() == 1
    assert WORDS["en"]["done"] in get(token).content.decode()

    answer = post(token, {"List-Subscribe": "Again"})

    assert WORDS["en"]["back"] in answer.content.decode()
    assert bans(tenant) == ()
    lifted = Suppression.objects.get()
    assert (lifted.lifted_by, lifted.lift_reason) == ("recipient", "subscribed again")


def test_every_flipped_bit_of_a_token_is_refused(tenant: Tenant, token: str) -> None:
    accepted = []
    for place, letter in enumerate(token):
        for bit in range(8):
            changed = token[:place] + chr(ord(letter) ^ (1 << bit)) + token[place + 1 :]
            if leaving_of(changed) is not None:
                accepted.append((place, bit))
    assert accepted == []
    assert [cut for cut in range(len(token)) if leaving_of(token[:cut]) is not None] == []
    assert leaving_of(token + "A") is None
    assert leaving_of(token + "=") is None
    assert leaving_of(token) is not None


def test_a_wrong_token_is_not_found_and_told_kindly() -> None:
    for answer in (get("AAAA"), post("AAAA", ONE_CLICK)):
        assert answer.status_code == 404
        assert WORDS["en"]["wrong"] in answer.content.decode()


def test_a_link_outlives_the_person_and_a_change_of_the_secret_key(
    tenant: Tenant, token: str, settings: Settings, at: datetime
) -> None:
    hash_of(Contact(None, "email", ANA))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "a new one", [settings.SECRET_KEY]
    erase(tenant_id=tenant.id, external_id="ana", actor="test", at=at)

    answer = post(token, ONE_CLICK)

    assert answer.status_code == 200
    assert ANA not in answer.content.decode()
    assert bans(tenant) == (Ban(Reason.UNSUBSCRIBE, "category:weekly_news"),)


@pytest.mark.parametrize("category", ["", "security"])
def test_what_one_cannot_leave_offers_no_link(tenant: Tenant, category: str) -> None:
    assert url_for(tenant, category=category) == ""


@pytest.mark.parametrize(
    ("asked", "language"),
    [
        ("fr-CA,fr;q=0.9", "fr"),
        ("de", "de"),
        ("ar-EG", "ar"),
        ("xx, en;q=0.5", "en"),
        ("", DEFAULT),
        ("ja", DEFAULT),
        ("de;q=0.1, fr;q=0.8", "fr"),
    ],
)
def test_the_page_speaks_the_language_of_its_reader(token: str, asked: str, language: str) -> None:
    answer = get(token, **{"Accept-Language": asked})

    page = answer.content.decode()
    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert WORDS[language]["button"] in page
    assert answer["Content-Language"] == language


def test_all_languages_say_the_same_things() -> None:
    def blanks(text: str) -> set[str]:
        return {name for name in ("{sender}", "{address}", "{what}") if name in text}

    for language, words in WORDS.items():
        assert words.keys() == WORDS[DEFAULT].keys(), language
        assert {key: blanks(text) for key, text in words.items()} == {
            key: blanks(text) for key, text in WORDS[DEFAULT].items()
        }, language


class Outside(HTMLParser):
    """Collects what a page would run or fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag] * (tag in ("script", "iframe", "img", "link"))
        self.found += [name for name, _ in attrs if name in ("src", "href", "action") or name.startswith("on")]


def test_the_page_leads_to_the_preference_centre_until_its_links_are_taken_back(tenant: Tenant, token: str) -> None:
    page = get(token).content.decode()
    link = re.search(r'href="(/p/[^"]+)"', page)
    assert link
    assert Client().get(link[1]).status_code == 200

    take_back_links(tenant.id, Endpoint.objects.get().recipient_id, at=datetime.now(UTC))
    assert "/p/" not in get(token).content.decode()
    assert Client().get(link[1]).status_code == 404


def test_the_page_needs_nothing_from_anywhere_and_may_load_nothing(tenant: Tenant, token: str) -> None:
    answer = get(token)

    outside = Outside()
    outside.feed(answer.content.decode())
    assert outside.found == ["href"]
    assert '<a href="/p/' in answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store", "no-referrer")
    page = answer.content.decode()
    assert "Acme &amp; Söhne" in page
    assert "weekly news" in page
    assert "a•••@example.org" in page
    assert ANA not in page
