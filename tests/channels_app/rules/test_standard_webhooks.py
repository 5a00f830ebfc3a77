"""Standard Webhooks: the published vector, RFC 8032 keys, two other implementations, and headers made of anything."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import standardwebhooks
import svix
from hypothesis import given
from hypothesis import strategies as st

from channels_app.rules.standard_webhooks import BadSecret, VerificationError, headers_for, sign, verify

# github.com/standard-webhooks/standard-webhooks libraries/*/tests, 2026-11
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, TIMESTAMP, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
AT = datetime.fromtimestamp(TIMESTAMP, UTC)
OTHER = f"whsec_{b64encode(b'o' * 24).decode()}"

# RFC 8032, 7.1, test 1
SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
WHSK, WHPK = f"whsk_{b64encode(SEED).decode()}", f"whpk_{b64encode(PUBLIC).decode()}"


def test_the_published_vector_is_met_exactly() -> None:
    assert sign(ID, TIMESTAMP, BODY, secret=SECRET) == SIGNATURE


def test_the_published_vector_is_verified() -> None:
    headers = {"Webhook-Id": ID, "webhook-timestamp": str(TIMESTAMP), "WEBHOOK-SIGNATURE": SIGNATURE}

    verify(headers, BODY, at=AT, secrets=[SECRET])


@pytest.mark.parametrize("private", [WHSK, f"whsk_{b64encode(SEED + PUBLIC).decode()}"], ids=["32 bytes", "64 bytes"])
def test_an_ed25519_signature_is_deterministic_and_verified_by_the_public_half(private: str) -> None:
    headers = headers_for(ID, BODY, at=AT, secrets=[private])

    assert headers["webhook-signature"] == sign(ID, TIMESTAMP, BODY, secret=WHSK)
    assert headers["webhook-signature"].startswith("v1a,")
    verify(headers, BODY, at=AT, secrets=[WHPK])


def _is_text(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


@given(body=st.binary(max_size=200).filter(_is_text), key=st.binary(min_size=24, max_size=64))
def test_two_other_implementations_agree(body: bytes, key: bytes) -> None:
    secret = f"whsec_{b64encode(key).decode()}"
    now = datetime.now(UTC)
    headers = headers_for(ID, body, at=now, secrets=[secret])

    standardwebhooks.Webhook(secret).verify(body, headers, json_parse=False)
    svix_headers = {name.replace("webhook", "svix"): value for name, value in headers.items()}
    svix.Webhook(secret).verify(json.dumps(1).encode(), _signed_anew(svix_headers, secret, now))
    theirs = standardwebhooks.Webhook(secret).sign(ID, now, body.decode())
    verify(headers | {"webhook-signature": theirs}, body, at=now, secrets=[secret])


def _signed_anew(headers: dict[str, str], secret: str, now: datetime) -> dict[str, str]:
    """Svix parses what it verified as JSON, so it is given some."""
    return headers | {"svix-signature": sign(ID, int(now.timestamp()), b"1", secret=secret)}


def test_while_a_secret_changes_both_sides_of_the_change_verify() -> None:
    headers = headers_for(ID, BODY, at=AT, secrets=[OTHER, SECRET, WHSK])

    assert len(headers["webhook-signature"].split(" ")) == 3
    for known in (OTHER, SECRET, WHPK):
        verify(headers, BODY, at=AT, secrets=[known])


def test_without_a_secret_nothing_is_signed() -> None:
    assert headers_for(ID, BODY, at=AT, secrets=()) == {"webhook-id": ID, "webhook-timestamp": str(TIMESTAMP)}


def good() -> dict[str, str]:
    return headers_for(ID, BODY, at=AT, secrets=[SECRET, WHSK])


@pytest.mark.parametrize("secret", [SECRET, WHPK])
def test_every_flipped_bit_is_noticed(secret: str) -> None:
    version = "v1" if secret is SECRET else "v1a"
    one = next(each for each in good()["webhook-signature"].split(" ") if each.startswith(f"{version},"))
    headers = good() | {"webhook-signature": one}
    accepted: list[Any] = []

    for bit in range(len(BODY) * 8):
        body = bytearray(BODY)
        body[bit // 8] ^= 1 << bit % 8
        accepted += _accepted(headers, bytes(body), secret)
    for name, value in headers.items():
        for bit in range(len(value) * 7):
            changed = list(value)
            changed[bit // 7] = chr(ord(changed[bit // 7]) ^ 1 << bit % 7)
            accepted += _accepted(headers | {name: "".join(changed)}, BODY, secret)

    assert accepted == []


def _accepted(headers: dict[str, str], body: bytes, secret: str) -> list[Any]:
    try:
        verify(headers, body, at=AT, secrets=[secret])
    except VerificationError:
        return []
    return [(headers, body)]


@pytest.mark.parametrize("minutes", [-6, 6])
def test_what_is_old_or_from_the_future_is_refused(minutes: int) -> None:
    with pytest.raises(VerificationError, match="too far"):
        verify(good(), BODY, at=AT + timedelta(minutes=minutes), secrets=[SECRET])


TEXTS = st.text(max_size=40) | st.sampled_from(
    [
        "v1",
        "v1,",
        "v1,a,b",
        ",",
        "v1a,",
        "v2,x",
        "v1,é",
        "-1",
        "1e3",
        "٣",
        "9" * 400,
        "\ud800",
        "nan",
        " ",
        str(TIMESTAMP),
        ID,
    ]
)
NAMES = st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "WebHook-ID", "x"]) | st.text(
    max_size=5
)


@given(headers=st.dictionaries(NAMES, TEXTS, max_size=6), body=st.binary(max_size=20))
def test_whatever_headers_hold_only_our_own_error_is_raised(headers: dict[str, str], body: bytes) -> None:
    for base in ({}, good()):
        with pytest.raises(VerificationError):
            verify(
                {**base, **headers, "webhook-signature": headers.get("webhook-signature", "v1,AAAA")},
                body,
                at=AT,
                secrets=[SECRET, WHPK],
            )


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!", "whsk_", "whsk_AAAA", "whsec_é"])
def test_a_secret_that_is_none_is_refused_without_being_repeated(secret: str) -> None:
    with pytest.raises(BadSecret) as bad:
        sign(ID, TIMESTAMP, BODY, secret=secret)

    assert not secret.removeprefix("whsec_").removeprefix("whsk_") or secret not in str(bad.value)
