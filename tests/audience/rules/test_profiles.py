import base64

import pytest
from msgspec import UNSET

from audience.rules.profiles import MAX_ATTRIBUTES_BYTES, read_profile
from audience.values import EndpointFacts, EndpointInput, Fault, Profile, RecipientChange

SECRET = "whsec_" + base64.b64encode(bytes(24)).decode()
KEYS = {
    "p256dh": base64.urlsafe_b64encode(b"\x04" + bytes(64)).decode().rstrip("="),
    "auth": base64.urlsafe_b64encode(bytes(16)).decode().rstrip("="),
}


def faults_of(given: RecipientChange, *, pointer: str = "") -> set[tuple[str, str]]:
    read = read_profile(given, external_id="ana", pointer=pointer)
    assert isinstance(read, tuple)
    assert all(isinstance(fault, Fault) and fault.message for fault in read)
    return {(fault.pointer, fault.code) for fault in read}


def test_a_profile_is_in_normal_form() -> None:
    given = RecipientChange(
        email="Ana@EXAMPLE.org",
        phone="+33 6 12 34 56 78",
        locale="de-at",
        timezone="Europe/Vienna",
        attributes={"plan": "pro"},
        endpoints=[
            EndpointInput(channel="push", kind="fcm", address="token", label="phone"),
            EndpointInput(channel="web_push", address={"endpoint": "https://p.example/1", "keys": KEYS}),
            EndpointInput(channel="webhook", address="https://h.example/", secret=SECRET),
            EndpointInput(channel="chat", kind="slack", address="https://hooks.example/1"),
            EndpointInput(channel="email", address="Second@EXAMPLE.org"),
        ],
    )

    assert read_profile(given, external_id="ana") == Profile(
        external_id="ana",
        email="Ana@example.org",
        phone="+33612345678",
        locale="de-AT",
        timezone="Europe/Vienna",
        attributes={"plan": "pro"},
        endpoints=(
            (("push", "token"), EndpointFacts(kind="fcm", label="phone")),
            (("web_push", "https://p.example/1"), EndpointFacts(extra={"keys": KEYS})),
            (("webhook", "https://h.example/"), EndpointFacts(extra={"secret": SECRET})),
            (("chat", "https://hooks.example/1"), EndpointFacts(kind="slack")),
            (("email", "Second@example.org"), EndpointFacts()),
        ),
    )


def test_what_is_unspoken_stays_unspoken_and_null_stays_null() -> None:
    read = read_profile(RecipientChange(email=None, timezone=None), external_id="ana")

    assert read == Profile(external_id="ana", email=None, timezone=None)
    assert isinstance(read, Profile)
    assert read.phone is UNSET


def test_everything_wrong_is_told_at_once_with_its_place() -> None:
    given = RecipientChange(
        email="no",
        phone="no",
        locale="english",
        timezone="Mars/Olympus",
        attributes={"a": "\x00"},
        endpoints=[
            EndpointInput(channel="fax", address="x"),
            EndpointInput(channel="push", kind="pager", address="two words"),
            EndpointInput(channel="in_app", address="x"),
            EndpointInput(channel="webhook", address="http://h.example/", secret="short", label="a\nb"),
            EndpointInput(channel="web_push", address={"endpoint": "https://p.example/1", "keys": {}}),
            EndpointInput(channel="email", address={"a": 1}),
            EndpointInput(channel="email", kind="work", address="a@example.org"),
            EndpointInput(channel="sms", address="+33612345678", secret=SECRET),
            EndpointInput(channel="chat", address="https://h.example/"),
        ],
    )

    assert faults_of(given, pointer="/recipients/3") == {
        ("/recipients/3/email", "invalid_email"),
        ("/recipients/3/phone", "invalid_phone"),
        ("/recipients/3/locale", "invalid_locale"),
        ("/recipients/3/timezone", "unknown_timezone"),
        ("/recipients/3/attributes", "invalid_text"),
        ("/recipients/3/endpoints/0/channel", "unknown_channel"),
        ("/recipients/3/endpoints/1/kind", "unknown_kind"),
        ("/recipients/3/endpoints/1/address", "invalid_token"),
        ("/recipients/3/endpoints/2/channel", "endpoint_not_needed"),
        ("/recipients/3/endpoints/3/address", "invalid_url"),
        ("/recipients/3/endpoints/3/secret", "invalid_secret"),
        ("/recipients/3/endpoints/3/label", "invalid_text"),
        ("/recipients/3/endpoints/4/address/keys/p256dh", "invalid_subscription"),
        ("/recipients/3/endpoints/5/address", "invalid_email"),
        ("/recipients/3/endpoints/6/kind", "unknown_kind"),
        ("/recipients/3/endpoints/7/secret", "unexpected_secret"),
        ("/recipients/3/endpoints/8/kind", "unknown_kind"),
    }


def test_an_unknown_channel_is_told_which_there_are() -> None:
    read = read_profile(RecipientChange(endpoints=[EndpointInput(channel="fax", address="x")]), external_id="ana")

    assert isinstance(read, tuple)
    assert read[0].message == "no channel 'fax'; known: email, sms, push, web_push, webhook, chat"


def test_a_bad_id_is_a_fault_at_id() -> None:
    read = read_profile(RecipientChange(), external_id="a/b", pointer="/0")

    assert isinstance(read, tuple)
    assert [(fault.pointer, fault.code) for fault in read] == [("/0/id", "invalid_external_id")]


def test_attributes_have_a_largest_size() -> None:
    fits = {"a": "x" * (MAX_ATTRIBUTES_BYTES - len('{"a":""}'))}

    assert isinstance(read_profile(RecipientChange(attributes=fits), external_id="ana"), Profile)
    assert faults_of(RecipientChange(attributes={"a": fits["a"] + "x"})) == {("/attributes", "attributes_too_large")}


@pytest.mark.parametrize("host", ["127.0.0.1:8025"])
def test_named_hosts_may_do_without_https(host: str) -> None:
    given = RecipientChange(endpoints=[EndpointInput(channel="webhook", address=f"http://{host}/x")])

    assert isinstance(read_profile(given, external_id="ana", plain_http=frozenset({host})), Profile)
    assert faults_of(given) == {("/endpoints/0/address", "invalid_url")}
