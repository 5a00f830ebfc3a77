"""The preference centre over HTTP: what it shows, what saving changes, and what it leaves alone."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audience.models import Recipient
from audience.services import upsert_recipients
from audience.values import EndpointInput, RecipientInput
from notifications.models import NotificationType
from preferences.address_hash import Contact, hash_of
from preferences.consent_requirements import forget_requirements
from preferences.models import Consent, ConsentProof, Preferences, Suppression
from preferences.pages.centre_words import CENTRE_WORDS, CHANNEL_WORDS, LANGUAGE_NAMES
from preferences.pages.words import WORDS
from preferences.rules import Ban, Reason, judged
from preferences.selectors import bans_on, wishes_of
from preferences.services import NewSuppression, put, suppress
from preferences.services.centre_links import centre_link
from preferences.services.consents import NewConsent, record_consents
from preferences.services.tenant_defaults import put_tenant_preferences
from tenants.models import Tenant
from tests.make import AT, a_tenant

pytestmark = pytest.mark.django_db

ANA, PHONE = "ana@example.org", "+33612345678"
NEWS, ORDERS = "category:news", "category:orders"


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    forget_requirements()


@pytest.fixture
def acme() -> Tenant:
    tenant = a_tenant("acme", name="Acme & Söhne", timezone="Europe/Paris")
    for key, category, channels in (
        ("weekly_news", "news", ["email", "sms"]),
        ("breaking_news", "news", ["email"]),
        ("order_update", "orders", ["email", "sms", "in_app"]),
        ("flash_sale", "marketing", ["email", "sms"]),
        ("new_login", "security", ["email"]),
        ("survey", "", ["email", "push"]),
    ):
        NotificationType.objects.create(tenant_id=tenant.id, key=key, category=category, channels=channels)
    return tenant


@pytest.fixture
def ana(acme: Tenant) -> UUID:
    person = RecipientInput(id="ana", email=ANA, phone=PHONE)
    hash_of(Contact(None, "email", "x"))
    return upsert_recipients(tenant_id=acme.id, recipients=[person], at=AT)["ana"]


@pytest.fixture
def path(acme: Tenant, ana: UUID) -> str:
    return path_of(acme, ana)


def path_of(tenant: Tenant, recipient_id: UUID, *, at: datetime | None = None, **lives: Any) -> str:
    url, _ = centre_link(tenant.id, recipient_id, at=at or datetime.now(UTC), **lives)
    return "/p/" + url.rpartition("/")[2]


def get(path: str, **headers: str) -> HttpResponse:
    return Client(enforce_csrf_checks=True).get(path, headers=headers)


def post(path: str, fields: dict[str, Any], **headers: str) -> HttpResponse:
    return Client(enforce_csrf_checks=True).post(path, fields, headers=headers)


def page(path: str, **headers: str) -> str:
    answer = get(path, **headers)
    assert answer.status_code == 200
    return answer.content.decode()


def form(text: str) -> dict[str, Any]:
    """What a browser would send if nothing was touched."""
    fields: dict[str, Any] = {"save": "choices"}
    for tag in re.findall(r"<input[^>]*>", text):
        facts = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if facts["type"] == "checkbox":
            if " checked" in tag and " disabled" not in tag:
                fields.setdefault(facts["name"], []).append(facts["value"])
        else:
            fields[facts["name"]] = facts["value"]
    for name, options in re.findall(r'<select name="([^"]*)".*?>(<option.*?)</select>', text, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        assert chosen, f"nothing is chosen in {name}"
        fields[name] = chosen[1]
    return fields


def saved(path: str, fields: dict[str, Any]) -> None:
    answer = post(path, fields)
    assert (answer.status_code, answer.headers.get("Location")) == (303, f"{path}?saved"), answer.content.decode()


def document(recipient_id: UUID) -> Any:
    return Preferences.objects.filter(recipient_id=recipient_id).values_list("document", flat=True).first()


def test_it_shows_what_the_tenant_sends_where_the_person_can_be_reached(path: str) -> None:
    text = page(path)

    assert "Acme &amp; Söhne" in text
    assert [name for name in ("News", "Orders", "Marketing", "Security", "Survey") if f"<legend>{name}<" in text] == [
        "News", "Orders", "Marketing", "Security", "Survey",
    ]  # fmt: skip
    assert re.findall(r'name="on" value="([^"]*)"', text) == [
        "category:marketing|email",
        "category:news|email",
        "category:news|sms",
        "category:orders|email",
        "category:orders|in_app",
        "category:orders|sms",
        "category:security|email",
        "type:survey|email",
    ]
    assert "a•••@example.org" in text
    assert ANA not in text
    assert PHONE not in text


def test_saving_what_was_not_touched_changes_nothing(path: str, ana: UUID) -> None:
    before = form(page(path))
    saved(path, before)

    assert document(ana) is None
    assert not Consent.objects.exists()
    assert form(page(path)) == before
    assert CENTRE_WORDS["en"]["saved"] in page(f"{path}?saved")


def test_switching_one_thing_off_says_just_that(path: str, ana: UUID) -> None:
    fields = form(page(path))
    fields["on"].remove(f"{NEWS}|sms")
    saved(path, fields)

    assert document(ana) == {"categories": {"news": {"sms": False}}}
    assert f"{NEWS}|sms" not in form(page(path))["on"]


def test_a_whole_category_that_was_off_is_switched_on_for_one_channel_alone(path: str, acme: Tenant, ana: UUID) -> None:
    put(tenant_id=acme.id, recipient_id=ana, document={"categories": {"news": False}}, at=AT)
    fields = form(page(path))
    fields["on"].append(f"{NEWS}|email")
    saved(path, fields)

    news = document(ana)["categories"]["news"]
    assert {channel for channel, on in news.items() if on} == {"email"}
    assert news["sms"] is False
    assert news["push"] is False


def test_quiet_hours_how_often_language_and_zone_are_kept(path: str, ana: UUID) -> None:
    fields = form(page(path))
    number = [name for name, value in fields.items() if name.startswith("often-")][1]
    fields |= {
        "quiet-0-from": "22:00", "quiet-0-to": "07:00", "quiet-0-days": ["mon", "sun"],
        number: "week", "gather_at": "18:30", "gather_on": "fri", "language": "fr", "timezone": "Asia/Kolkata",
    }  # fmt: skip
    saved(path, fields)

    kept = document(ana)
    assert kept["quiet_hours"] == [{"days": ["mon", "sun"], "from": "22:00", "to": "07:00"}]
    assert kept["timezone"] == "Asia/Kolkata"
    assert kept["frequency"] == {NEWS: {"mode": "digest", "every": "week", "at": "18:30", "on": "fri"}}
    person = Recipient.objects.get(id=ana)
    assert (person.locale, person.timezone) == ("fr", "Asia/Kolkata")
    again = form(page(path))
    assert {name: again[name] for name in ("quiet-0-from", "quiet-0-to", "gather_at", "language")} == {
        "quiet-0-from": "22:00", "quiet-0-to": "07:00", "gather_at": "18:30", "language": "fr",
    }  # fmt: skip
    assert CENTRE_WORDS["fr"]["title"] in page(path)

    again |= {number: "now", "quiet-0-from": "", "quiet-0-to": ""}
    saved(path, again)
    kept = document(ana)
    assert kept["quiet_hours"] == []
    assert kept["frequency"] == {NEWS: {"mode": "immediate"}}


@pytest.mark.parametrize(
    ("change", "field", "fault"),
    [
        pytest.param({"quiet-0-from": "22:00"}, "quiet-0-from", "error_both", id="no end"),
        pytest.param(
            {"quiet-0-from": "9", "quiet-0-to": "07:00", "quiet-0-days": "mon"}, "quiet-0-from", "error_time", id="9"
        ),
        pytest.param(
            {"quiet-0-from": "09:00", "quiet-0-to": "09:00", "quiet-0-days": "mon"},
            "quiet-0-from",
            "error_same",
            id="same",
        ),
        pytest.param(
            {"quiet-0-from": "22:00", "quiet-0-to": "07:00", "quiet-0-days": []},
            "quiet-0-from",
            "error_days",
            id="days",
        ),
        pytest.param({"timezone": "Mars/Base"}, "timezone", "error_timezone", id="zone"),
        pytest.param({"language": "tlh"}, "language", "error_language", id="language"),
        pytest.param({"gather_at": "8 pm"}, "gather_at", "error_time", id="gather"),
        pytest.param({"often-1": "never"}, "often-1", "error_often", id="often"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_what_was_typed_stays(
    path: str, ana: UUID, change: dict[str, Any], field: str, fault: str
) -> None:
    fields = form(page(path)) | change
    fields["on"].remove(f"{NEWS}|sms")
    answer = post(path, fields)

    text = answer.content.decode()
    assert answer.status_code == 422
    assert f'<a href="#{field}">{CENTRE_WORDS["en"][fault]}</a>' in text
    assert re.search(rf'id="{field}"[^>]*aria-invalid="true"', text)
    assert f'value="{NEWS}|email" checked' in text
    assert f'value="{NEWS}|sms" checked' not in text
    typed = {
        name: value for name, value in change.items() if "-days" not in name and name not in ("language", "often-1")
    }
    assert {name: form_value(text, name) for name in typed} == typed
    assert document(ana) is None


def form_value(text: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', text)
    assert found
    return found[1]


def test_what_is_required_is_locked_and_says_why(path: str, ana: UUID) -> None:
    text = page(path)
    assert re.search(r'value="category:security\|email" checked disabled', text)
    assert CENTRE_WORDS["en"]["required"] in text

    fields = form(text)
    saved(path, fields)
    assert document(ana) is None


def test_what_the_tenant_forces_is_locked_whatever_is_sent(path: str, acme: Tenant, ana: UUID) -> None:
    forced = {"categories": {"orders": {"email": True}}, "quiet_hours": [{"from": "20:00", "to": "08:00"}]}
    put_tenant_preferences(tenant_id=acme.id, documents={"forced": forced}, actor="test", at=AT)
    text = page(path)
    assert re.search(rf'value="{ORDERS}\|email" checked disabled', text)
    assert "E-mail is set by Acme &amp; Söhne." in text
    assert CENTRE_WORDS["en"]["quiet_forced"].format(sender="Acme &amp; Söhne") in text

    saved(path, form(text) | {"on": [], "quiet-0-from": "01:00", "quiet-0-to": "02:00", "quiet-0-days": "mon"})
    kept = document(ana)
    assert "email" not in kept["categories"]["orders"]
    assert "quiet_hours" not in kept


def test_marketing_by_sms_waits_for_a_word_which_is_recorded_with_its_text(path: str, acme: Tenant, ana: UUID) -> None:
    text = page(path)
    assert CENTRE_WORDS["en"]["never"] in text
    assert "SMS: only with your consent" in text

    saved(path, form(text) | {"agree": "marketing|sms"})

    row = Consent.objects.get()
    assert (row.purpose, row.channel, row.state, row.source, row.actor, row.text_version) == (
        "marketing", "sms", "given", "page", "recipient", "centre-1:en",
    )  # fmt: skip
    proof = ConsentProof.objects.get().document
    assert proof["language"] == "en"
    assert proof["text"].startswith("I agree that Acme & Söhne sends me messages about “Marketing” by SMS.")
    assert form(page(path))["agree"] == ["marketing|sms"]

    again = form(page(path))
    del again["agree"]
    saved(path, again)
    assert Consent.objects.order_by("id").last().state == "withdrawn"  # type: ignore[union-attr]
    assert document(ana) is None


def test_who_took_consent_back_elsewhere_sees_it_and_gives_it_here(path: str, acme: Tenant, ana: UUID) -> None:
    no = NewConsent(ana, "news", "all", False, "v1", "api", AT)
    record_consents(acme.id, [no], actor="key:1", at=AT)
    before = form(page(path))
    assert not {f"{NEWS}|email", f"{NEWS}|sms"} & set(before["on"])

    saved(path, before | {"agree": "news|email"})
    after = form(page(path))
    assert f"{NEWS}|email" in after["on"]
    assert f"{NEWS}|sms" not in after["on"]
    newest = Consent.objects.order_by("-id").values_list("purpose", "channel", "state")[0]
    assert newest == ("news", "email", "given")


def test_who_left_by_a_link_sees_it_and_comes_back_here(path: str, acme: Tenant, ana: UUID) -> None:
    contact = Contact(acme.id, "email", ANA)
    suppress([NewSuppression(contact, Reason.UNSUBSCRIBE, NEWS)], source="page", at=AT)
    fields = form(page(path))
    assert f"{NEWS}|email" not in fields["on"]

    fields["on"].append(f"{NEWS}|email")
    saved(path, fields)
    assert bans_on([contact]) == {}
    assert Suppression.objects.get().lifted_by == "recipient"
    assert f"{NEWS}|email" in form(page(path))["on"]


def test_who_wrote_stop_is_told_how_to_start_and_a_click_does_not_do(path: str, acme: Tenant) -> None:
    contact = Contact(acme.id, "sms", PHONE)
    suppress([NewSuppression(contact, Reason.STOP)], source="sms", at=AT)
    text = page(path)
    assert CENTRE_WORDS["en"]["stop"].format(channel="SMS") in text

    saved(path, form(text) | {"on": [f"{NEWS}|sms", f"{ORDERS}|sms"]})
    assert bans_on([contact]) == {contact: (Ban(Reason.STOP),)}


def test_a_dead_address_is_shown_as_such_unless_there_is_another_one(path: str, acme: Tenant) -> None:
    suppress([NewSuppression(Contact(acme.id, "email", ANA), Reason.HARD_BOUNCE)], source="receipt", at=AT)
    blocked = CENTRE_WORDS["en"]["blocked"].format(channel="E-mail")
    assert blocked in page(path)

    more = [EndpointInput(channel="email", address="ana@home.example")]
    upsert_recipients(tenant_id=acme.id, recipients=[RecipientInput(id="ana", endpoints=more)], at=AT)
    assert blocked not in page(path)


def test_everything_off_is_one_click_and_leaves_what_is_needed(path: str, ana: UUID) -> None:
    saved(path, form(page(path)) | {"agree": "marketing|sms"})
    saved(path, form(page(path)) | {"save": "nothing"})

    assert form(page(path)).get("on", []) == []
    assert re.search(r'value="category:security\|email" checked disabled', page(path))
    assert Consent.objects.order_by("id").last().state == "withdrawn"  # type: ignore[union-attr]


def test_a_switch_counts_for_each_of_its_kinds(path: str, acme: Tenant, ana: UUID) -> None:
    kinds = {"weekly_news": {"sms": True, "email": True}, "breaking_news": True, "flash_sale": {"email": True}}
    put(tenant_id=acme.id, recipient_id=ana, document={"types": kinds}, at=AT)
    fields = form(page(path))
    fields["on"].remove(f"{NEWS}|email")
    saved(path, fields)

    types = document(ana)["types"]
    assert types["weekly_news"] == {"sms": True, "email": False}
    assert (types["breaking_news"]["email"], types["breaking_news"]["push"]) == (False, True)
    assert types["flash_sale"] == {"email": True}

    saved(path, form(page(path)) | {"save": "nothing"})
    wishes = wishes_of([ana])[ana]
    for type, category in (("weekly_news", "news"), ("breaking_news", "news"), ("flash_sale", "marketing")):
        assert judged(wishes, channel="email", category=category, type=type) is not None
    assert judged(wishes, channel="email", category="security", type="new_login") is None


def test_a_tenant_without_types_offers_its_channels(at: datetime) -> None:
    tenant = a_tenant("globex")
    ben = upsert_recipients(tenant_id=tenant.id, recipients=[RecipientInput(id="ben", email="b@example.org")], at=at)
    path = path_of(tenant, ben["ben"])
    fields = form(page(path))
    assert fields["on"] == ["channels|email"]

    del fields["on"]
    saved(path, fields)
    assert document(ben["ben"]) == {"channels": {"email": False}}


def test_a_look_changes_nothing_and_costs_few_statements(path: str, ana: UUID) -> None:
    for method in ("get", "head"):
        with CaptureQueriesContext(connection) as captured:
            assert getattr(Client(), method)(f"{path}?save=nothing&on=").status_code == 200
        written = [query["sql"] for query in captured if re.match(r"\s*(INSERT|UPDATE|DELETE)", query["sql"])]
        assert written == []
        assert len([query for query in captured if re.search(r"FROM .?[a-z]+_", query["sql"])]) <= 11
    assert document(ana) is None


@pytest.mark.parametrize("language", sorted(CENTRE_WORDS))
def test_it_speaks_the_language_of_its_reader(path: str, language: str) -> None:
    text = page(path, **{"Accept-Language": f"{language}-XX, en;q=0.1"})

    assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in text
    assert CENTRE_WORDS[language]["topics"] in text


def test_all_languages_say_the_same_things() -> None:
    assert CENTRE_WORDS.keys() == CHANNEL_WORDS.keys() == WORDS.keys() == LANGUAGE_NAMES.keys()
    for language, words in CENTRE_WORDS.items():
        assert words.keys() == CENTRE_WORDS["en"].keys(), language
        assert CHANNEL_WORDS[language].keys() == CHANNEL_WORDS["en"].keys(), language
        blanks = {key: set(re.findall(r"\{\w+\}", text)) for key, text in words.items()}
        assert blanks == {key: set(re.findall(r"\{\w+\}", text)) for key, text in CENTRE_WORDS["en"].items()}, language


def test_a_link_lives_for_a_year_unless_told_otherwise(acme: Tenant, ana: UUID) -> None:
    today = datetime.now(UTC)
    assert get(path_of(acme, ana, at=today - timedelta(days=364))).status_code == 200
    assert get(path_of(acme, ana, at=today - timedelta(days=366))).status_code == 404
    assert get(path_of(acme, ana, at=today - timedelta(hours=2), lives=timedelta(hours=1))).status_code == 404
