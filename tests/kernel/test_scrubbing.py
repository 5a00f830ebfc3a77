"""Nothing that identifies a person or opens a door is written down."""

import time

import pytest

from kernel.scrubbing import HIDDEN, scrub, scrub_named, scrub_text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        pytest.param("mail to ana@example.org failed", "mail to a•••@example.org failed", id="address"),
        pytest.param("<ana.b+c@mail.example.org>", "<a•••@mail.example.org>", id="address in angle brackets"),
        pytest.param("to=ana@localhost", "to=a•••@localhost", id="address of a bare host"),
        pytest.param("call +33612345678 now", "call +33••••••678 now", id="number"),
        pytest.param("call +33 6 12 34 56 78 now", "call +33••••••678 now", id="number with spaces"),
        pytest.param("redis://user:pass@host:6379/0", f"redis://{HIDDEN}@host:6379/0", id="password in a URL"),
        pytest.param("Authorization: Bearer abc.def-1", f"Authorization: Bearer {HIDDEN}", id="bearer token"),
        pytest.param("key crl_live_abcd1234_xyz was used", f"key {HIDDEN} was used", id="our own key"),
        pytest.param("secret whsec_MfKQ9r8/GKYqrTwjUPD8==", f"secret {HIDDEN}", id="webhook secret"),
        pytest.param("secret whsk_MfKQ9r8/GKYqrTwjUPD8==", f"secret {HIDDEN}", id="webhook key"),
        pytest.param("2026-11-20T10:00:00+00:00", "2026-11-20T10:00:00+00:00", id="moment with offset"),
        pytest.param("1 + 1 = 2", "1 + 1 = 2", id="sum"),
        pytest.param(
            "019350c0-7b5e-7d1c-8a4f-0123456789ab", "019350c0-7b5e-7d1c-8a4f-0123456789ab", id="id of a delivery"
        ),
    ],
)
def test_texts_lose_what_identifies(text: str, written: str) -> None:
    assert scrub_text(text) == written


@pytest.mark.parametrize(
    "name", ["password", "SECRET_KEY", "api_key", "apiKey", "Authorization", "refresh_token", "dsn"]
)
def test_a_value_under_a_secret_name_is_hidden_whatever_it_is(name: str) -> None:
    assert scrub_named(name, {"deep": "value"}) == HIDDEN


def test_numbers_and_absence_stay_as_they_are() -> None:
    assert scrub({"tokens": 3, "token": None, "ok": True, "ratio": 0.5}) == {
        "tokens": 3,
        "token": None,
        "ok": True,
        "ratio": 0.5,
    }


def test_nested_values_are_scrubbed_and_names_too() -> None:
    found = scrub({"to": ["ana@example.org", ("bob@example.org",)], "ana@example.org": {"password": "x"}})

    assert found == {"to": ["a•••@example.org", ["b•••@example.org"]], "a•••@example.org": {"password": HIDDEN}}


def test_objects_are_written_as_their_scrubbed_text() -> None:
    assert scrub(ValueError("no mailbox ana@example.org")) == "no mailbox a•••@example.org"


def test_depth_and_length_are_bounded() -> None:
    deep: list[object] = []
    deep.append(deep)

    assert scrub(deep) == [[[[[["…"]]]]]]
    assert scrub_text("x" * 10_005) == "x" * 10_000 + "… (5 characters cut)"


@pytest.mark.parametrize("text", ["a" * 100_000, "@" * 100_000, "+1" * 50_000, "://" * 30_000, "bearer " * 10_000])
def test_hostile_texts_take_no_time(text: str) -> None:
    began = time.perf_counter()

    scrub_text(text)

    assert time.perf_counter() - began < 1.0
