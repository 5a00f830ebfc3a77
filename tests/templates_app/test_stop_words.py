"""Texts that promote say how to stop them: what counts as said, what is added, and what templates are told."""

from typing import Any

import pytest

from channels_app.channels.sms import BODY_CHARS, SmsContent
from channels_app.registry import channels, providers
from channels_app.rules.segments import is_gsm
from preferences.rules.opt_out_words import meaning_of
from templates_app.rules.stop_words import says_how_to_stop, way_to_stop
from tests.templates_app.asking import Api, errors, said

URL = "https://c.example/t/AbCdEfGhIjK"


def added(text: str, *, answerable: bool = True, url: str = URL, locale: str = "en", **brand: Any) -> str:
    return way_to_stop(text, answerable=answerable, url=url, brand=brand, locale=locale)


@pytest.mark.parametrize(
    "text",
    [
        "Sale! Reply STOP to opt out",
        "Sale. Text STOP to cancel",
        "Txt 'STOP' to 12345",
        "STOP to end",
        "STOP2END",
        "Soldes ! STOP au 36111",
        "Répondez STOP pour vous désinscrire",
        "Envoyez STOP au 36111",
        "Angebote. STOP an 12345",
        "Zum Abmelden STOP antworten",
        "Antworten Sie STOP",
        "Responda STOP",
        "Rispondi STOP",
        "لإلغاء الاشتراك أرسل STOP",
    ],
)
def test_what_says_how_to_stop_is_left_alone(text: str) -> None:
    assert says_how_to_stop(text)
    assert added(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Sale",
        "Non-stop music tonight",
        "NON-STOP SALE",
        "This text will stop",
        "One-stop shop",
        "STOP! Sale",
        "Bus stop",
    ],
)
def test_what_only_names_the_word_is_told_how(text: str) -> None:
    assert added(text) == "Reply STOP to opt out"


@pytest.mark.parametrize(
    ("locale", "reply", "follow"),
    [
        ("en-GB", "Reply STOP to opt out", f"Opt out: {URL}"),
        ("fr", "Répondez STOP pour vous désinscrire", f"Se désinscrire : {URL}"),
        ("de-AT", "Zum Abmelden STOP antworten", f"Abmelden: {URL}"),
        ("ar", "لإلغاء الاشتراك أرسل STOP", f"لإلغاء الاشتراك: {URL}"),
        ("nl", "Reply STOP to opt out", f"Opt out: {URL}"),
        ("", "Reply STOP to opt out", f"Opt out: {URL}"),
    ],
)
def test_it_is_said_in_the_language_of_the_message(locale: str, reply: str, follow: str) -> None:
    assert added("Sale", locale=locale) == reply
    assert added("Sale", locale=locale, answerable=False) == follow
    assert says_how_to_stop(reply)
    assert meaning_of("STOP") == "stop"
    assert is_gsm(reply) is not locale.startswith("ar")


def test_a_name_cannot_be_written_to() -> None:
    assert added("Reply STOP to opt out", answerable=False) == f"Opt out: {URL}"
    assert added(f"Sale. {URL}", answerable=False) == ""
    assert added(f"Sale. {URL}") == ""
    assert added("Sale", answerable=False, url="") == ""


def test_the_words_of_the_tenant_come_first() -> None:
    own = {"fr": "STOP au 36111", "en": "STOP to 60777"}

    assert added("Soldes", answerable=False, locale="fr", sms_opt_out=own) == "STOP au 36111"
    assert added("Angebote", locale="de", sms_opt_out=own) == "STOP to 60777"
    assert added("Soldes. STOP au 36111", locale="fr", sms_opt_out=own) == ""
    assert added("Sale", sms_opt_out="Text NO to 60777") == "Text NO to 60777"
    assert added("Sale", sms_opt_out=["no", 7]) == "Reply STOP to opt out"
    assert len(added("Sale", sms_opt_out="x" * 5000)) == 160


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("STOP to 60777", 200),
        ({"fr": "STOP au 36111"}, 200),
        (7, 422),
        ({"fr": None}, 422),
        ("x" * 161, 422),
        ("a\nb", 422),
    ],
)
def test_words_that_will_not_do_are_refused_when_they_are_saved(api: Api, words: Any, status: int) -> None:
    answer = api("PUT", "/template-settings", {"brand": {"sms_opt_out": words}})

    assert answer.status_code == status
    if status == 422:
        assert errors(answer) == [("/brand/sms_opt_out", "invalid_format")]


def test_a_long_text_loses_its_own_end_and_never_that_line() -> None:
    road = channels.get("sms")

    closed = road.closed_with(SmsContent(body="word " * 400), "Reply STOP to opt out")

    assert closed.body.endswith("...\nReply STOP to opt out")
    assert len(closed.body) <= BODY_CHARS
    assert road.validate_rendered(closed) == ()
    assert road.closed_with(SmsContent(body="Sale "), "No").body == "Sale\nNo"


@pytest.mark.parametrize(
    ("provider", "config", "expected"),
    [
        pytest.param("twilio", {"sender": "+15005550006"}, True, id="a number"),
        pytest.param("twilio", {"sender": "12345"}, True, id="a short code"),
        pytest.param("twilio", {"sender": "Shop"}, False, id="a name"),
        pytest.param("twilio", {"messaging_service_sid": "MG1"}, True, id="a service"),
        pytest.param("twilio", {"messaging_service_sid": "MG1", "senders": {"FR": "Shop"}}, False, id="a name there"),
        pytest.param("vonage", {"sender": "Shop", "senders": {"FR": "33600000000"}}, True, id="a number there"),
        pytest.param("vonage", {"sender": "Shop"}, False, id="vonage's name"),
        pytest.param("sns", {"sender": "+18885550100"}, True, id="amazon's number"),
        pytest.param("sns", {}, False, id="whoever amazon chooses"),
    ],
)
def test_who_can_be_written_to(provider: str, config: dict[str, Any], expected: bool) -> None:
    whole = {"sender": "", "senders": {}, "messaging_service_sid": ""} | config

    assert providers.get(provider).answerable(whole, address="+33612345678") is expected


@pytest.mark.django_db
def test_a_template_is_told_what_will_be_added_and_may_be_published(api: Api) -> None:
    def sms(body: str, **more: Any) -> list[tuple[str, str]]:
        words = {"parts": {"sms": {"body": body}}, "locales": more}
        saved = said(api("PUT", "/templates/news", words))
        return [(f["pointer"], f["message"]) for f in saved["warnings"] if f["code"] == "sms_without_stop"]

    assert sms("Sale") == []
    api.publish("news")
    assert api("PUT", "/types/news", {"template": "news", "category": "marketing"}).status_code in (200, 201)

    message = "does not say how to stop it; with 'Reply STOP to opt out' at its end it is {} segments or more"
    assert sms("Sale") == [("/parts/sms/body", message.format(1))]
    assert sms("x" * 150) == [("/parts/sms/body", message.format(2))]
    assert sms("Sale. Reply STOP to opt out") == []
    assert sms("Sale. {{ unsubscribe_url }}") == []
    assert sms("Sale. Reply STOP to opt out", de={"sms": {"body": "Angebote"}})[0][0] == "/locales/de/sms/body"
    assert api("POST", "/templates/news/publish").status_code == 200
