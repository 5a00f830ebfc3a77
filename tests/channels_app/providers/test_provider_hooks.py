"""Calls to hooks: the genuine is understood, and not a bit of it may be changed (S3); the old is not believed."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from channels_app.contract import Provider
from channels_app.values import Forged, Heard, HookRequest, NotUnderstood
from tests.channels_app.providers import hook_calls
from tests.channels_app.providers.hook_calls import DELIVERY, EVERY, TOPIC, URL, Signed, sns_body
from tests.channels_app.providers.sandboxed import AT

DATED = [call for call in EVERY if call.__name__ not in ("twilio", "postmark", "brevo")]
WHOLE = [call for call in EVERY if call().body]  # the others vouch for no body
IDS = [call.__name__ for call in EVERY]
SECRETS = {
    "twilio": {"auth_token": "guessed"},
    "vonage": {"signature_secret": "guessed, and long enough to be a secret at all"},
    "resend": {"hook_secret": "whsec_Z3Vlc3NlZCBidXQgbG9uZyBlbm91Z2g="},
    "sendgrid": {"verification_key": ""},
    "mailgun": {"signing_key": "guessed"},
    "postmark": {"hook_password": "guessed"},
    "brevo": {"hook_password": "guessed"},
    "ses": {"topic_arns": ["arn:aws:sns:eu-west-1:000000000000:another"]},
    "sns": {"topic_arns": []},
}
SWITCHED_OFF = {
    "vonage": {"signature_secret": None},
    "resend": {"hook_secret": None},
    "sendgrid": {"verification_key": ""},
    "mailgun": {"signing_key": None},
    "postmark": {"hook_password": None},
    "brevo": {"hook_password": None},
    "ses": {"topic_arns": []},
    "sns": {"topic_arns": []},
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificate the fixtures are signed with is known; no other one can be had."""

    def out(url: str, **options: Any) -> Any:
        raise OSError("there is no network here")

    monkeypatch.setattr("channels_app.aws.sns_hook.fetch", out)


@pytest.fixture(params=EVERY, ids=IDS)
def signed(request: pytest.FixtureRequest) -> Signed:
    made: Signed = request.param()
    return made


def test_a_genuine_call_names_the_delivery(signed: Signed) -> None:
    heard = signed.provider().hear(signed.request, at=AT)

    if signed.key == "sns":
        assert [(each.sender, each.text) for each in heard.inbound] == [("+33612345678", "STOP")]
        return
    (receipt,) = heard.receipts
    assert (receipt.kind, receipt.delivery_id, receipt.at) == ("delivered", UUID(DELIVERY), AT)
    assert receipt.provider_message_id
    assert receipt.raw


def flips(data: bytes) -> Iterator[bytes]:
    for position in range(len(data)):
        for bit in range(8):
            yield data[:position] + bytes((data[position] ^ (1 << bit),)) + data[position + 1 :]


def hear(provider: Provider, request: HookRequest) -> Heard | None:
    try:
        return provider.hear(request, at=AT)
    except (Forged, NotUnderstood, OSError):  # the last: a certificate of this name cannot be had
        return None


@pytest.mark.parametrize("call", WHOLE, ids=[call.__name__ for call in WHOLE])
def test_no_bit_of_the_body_may_be_changed(call: Callable[..., Signed]) -> None:
    """A change that says the same in other letters (%2B and %2b, or a member that is not signed) changes nothing."""
    signed = call()
    provider = signed.provider()
    genuine = hear(provider, signed.request)

    others = {repr(hear(provider, replace(signed.request, body=body))) for body in flips(signed.request.body)}

    believed = len(others - {repr(None), repr(genuine)})
    assert (believed, repr(None) in others) == (0, True)


def test_no_bit_of_what_vouches_may_be_changed(signed: Signed) -> None:
    provider = signed.provider()

    for name in signed.headers:
        for value in flips(signed.request.headers[name].encode()):
            headers = {**signed.request.headers, name: value.decode("latin-1")}

            assert hear(provider, replace(signed.request, headers=headers)) is None, (name, value)


def test_no_bit_of_mailguns_block_may_be_changed() -> None:
    signed = hook_calls.mailgun()
    provider = signed.provider()
    said = json.loads(signed.request.body)

    for name, value in said["signature"].items():
        for changed in flips(value.encode()):
            block = {**said["signature"], name: changed.decode("latin-1")}
            body = json.dumps({**said, "signature": block}).encode()

            assert hear(provider, replace(signed.request, body=body)) is None, name


def test_no_bit_of_the_url_twilio_calls_may_be_changed() -> None:
    signed = hook_calls.twilio()
    provider = signed.provider()

    for url in (flipped.decode("latin-1") for flipped in flips(URL.encode())):
        if url.lower() != URL:  # a scheme in capitals is the same scheme
            assert hear(provider, replace(signed.request, url=url)) is None, url


def test_who_knows_another_secret_is_not_believed(signed: Signed) -> None:
    provider = signed.provider(**SECRETS[signed.key])

    with pytest.raises(Forged):
        provider.hear(signed.request, at=AT)


@pytest.mark.parametrize("call", EVERY[1:], ids=IDS[1:])  # Twilio's auth token is never missing
def test_an_account_without_a_secret_believes_nobody(call: Callable[..., Signed]) -> None:
    signed = call()
    credentials = {k: v for k, v in (signed.credentials | SWITCHED_OFF[signed.key]).items() if v is not None}

    with pytest.raises(Forged):
        replace(signed, credentials=credentials).provider().hear(signed.request, at=AT)


def test_a_call_without_anything_that_vouches_is_not_believed(signed: Signed) -> None:
    body = b"{}" if not signed.headers else signed.request.body

    with pytest.raises(Forged):
        signed.provider().hear(HookRequest("POST", URL, {}, body), at=AT)


@pytest.mark.parametrize("call", DATED, ids=[call.__name__ for call in DATED])
@pytest.mark.parametrize("away", [timedelta(hours=-2), timedelta(hours=2)], ids=["old", "from the future"])
def test_what_is_not_of_now_is_not_believed(call: Callable[..., Signed], away: timedelta) -> None:
    signed = call(AT + away)

    with pytest.raises(Forged):
        signed.provider().hear(signed.request, at=AT)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"[]", b"null", b"{" * 5000, b'{"a":' * 2000, b"a=b&%zz"])
def test_nonsense_is_forged_unless_somebody_vouched_for_it(signed: Signed, body: bytes) -> None:
    """What is not understood is kept, so nobody may make us keep what nobody vouched for."""
    by_password = signed.key in ("postmark", "brevo")

    with pytest.raises(NotUnderstood if by_password else Forged):
        signed.provider().hear(replace(signed.request, body=body), at=AT)
    with pytest.raises(Forged):
        signed.provider().hear(HookRequest("POST", URL, {}, body), at=AT)


def test_a_token_of_mailgun_is_for_once() -> None:
    signed = hook_calls.mailgun()

    assert signed.provider().hear(signed.request, at=AT).once == ("b" * 50,)


# SNS


def sns(**changes: Any) -> Heard:
    signed = hook_calls.ses()
    said = {"Type": "Notification", "Message": "{}"}
    return signed.provider().hear(replace(signed.request, body=sns_body(said, **changes)), at=AT)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com.evil.example/SimpleNotificationService-0.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com@evil.example/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://s3.eu-west-1.amazonaws.com/bucket/a.pem",
        "https://snsaeu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com/../a.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem?x=1",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0.pem",
        "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem\n",
        "",
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_fetched(url: str) -> None:
    with pytest.raises(Forged, match="somebody else than Amazon"):
        sns(SigningCertURL=url)


def test_a_certificate_that_cannot_be_had_is_no_forgery() -> None:
    """SNS tries again after an answer 500, and never after a 403."""
    with pytest.raises(OSError, match="no network"):
        sns(SigningCertURL="https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem")


@pytest.mark.parametrize("version", ["3", "", "02"])
def test_an_unknown_version_of_signatures_is_refused(version: str) -> None:
    with pytest.raises(Forged, match="version"):
        sns(SignatureVersion=version)


def test_version_1_cannot_be_taken_for_version_2() -> None:
    with pytest.raises(Forged, match="signature"):
        sns(SignatureVersion="1")


def confirm(url: str) -> Heard:
    signed = hook_calls.ses()
    said = {"Type": "SubscriptionConfirmation", "Message": "You have chosen", "Token": "t1", "SubscribeURL": url}
    return signed.provider().hear(replace(signed.request, body=sns_body(said)), at=AT)


def test_a_subscription_is_confirmed_by_a_visit() -> None:
    url = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t1"

    assert confirm(url) == Heard(visit=url)


@pytest.mark.parametrize("url", ["https://evil.example/?Action=ConfirmSubscription", "http://169.254.169.254/", ""])
def test_nobody_sends_us_elsewhere(url: str) -> None:
    with pytest.raises(Forged, match="somebody else than Amazon"):
        confirm(url)
