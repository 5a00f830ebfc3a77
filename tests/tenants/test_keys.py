"""Recognising API keys."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from tenants import keys
from tenants.keys import FRESH_SECONDS, TOUCH_EVERY, authenticate
from tenants.models import ApiKey, Tenant
from tenants.rules.key_text import KeyText, mint, parse
from tenants.services import revoke_key
from tenants.values import Caller, IssuedKey

pytestmark = pytest.mark.django_db
KeyOf = Callable[..., IssuedKey]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The monotonic clock of the cache; set `clock[0]`."""
    seconds = [1000.0]
    monkeypatch.setattr(keys, "monotonic", lambda: seconds[0])
    return seconds


def test_a_key_says_who_calls(acme: Tenant, key_of: KeyOf, at: datetime) -> None:
    key = key_of(acme, "manage", mode="test")

    caller = authenticate(key.text, at=at)

    assert caller == Caller(
        tenant_id=acme.id, mode="test", scopes=frozenset({"manage", "read"}), actor=f"key:{key.public_id}"
    )


def test_the_secret_is_not_stored(acme: Tenant, key_of: KeyOf) -> None:
    text = parse(key_of(acme, "read").text)
    assert text is not None

    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(k)::text FROM tenants_apikey k")
        (stored,) = cursor.fetchone()

    assert text.public_id in stored
    assert text.secret not in stored


def test_an_unknown_key_is_nobody(at: datetime) -> None:
    assert authenticate(str(mint("live")), at=at) is None


def test_a_wrong_secret_is_nobody(acme: Tenant, key_of: KeyOf, at: datetime) -> None:
    forged = KeyText(mode="live", public_id=key_of(acme, "read").public_id, secret=mint("live").secret)

    assert authenticate(str(forged), at=at) is None


def test_a_key_of_the_other_mode_is_nobody(acme: Tenant, key_of: KeyOf, at: datetime) -> None:
    text = parse(key_of(acme, "read", mode="test").text)
    assert text is not None

    assert authenticate(str(KeyText("live", text.public_id, text.secret)), at=at) is None


def test_a_key_opens_until_the_moment_it_expires(acme: Tenant, key_of: KeyOf, at: datetime) -> None:
    end = at + timedelta(hours=1)
    key = key_of(acme, "read", expires_at=end)

    assert authenticate(key.text, at=end - timedelta(microseconds=1)) is not None
    assert authenticate(key.text, at=end) is None


def test_a_revoked_key_is_refused_within_a_second_by_a_process_that_knew_it(
    acme: Tenant, key_of: KeyOf, clock: list[float], at: datetime
) -> None:
    key = key_of(acme, "read")
    assert authenticate(key.text, at=at) is not None
    ApiKey.objects.filter(id=key.id).update(revoked_at=at)  # by another process

    clock[0] += FRESH_SECONDS

    assert authenticate(key.text, at=at) is None


@pytest.mark.django_db(transaction=True)
def test_a_revoked_key_is_refused_at_once_by_the_process_that_revoked_it(
    acme: Tenant, key_of: KeyOf, at: datetime
) -> None:
    key = key_of(acme, "read")
    assert authenticate(key.text, at=at) is not None

    revoke_key(ApiKey.objects.get(id=key.id), actor="test", at=at)

    assert authenticate(key.text, at=at) is None


@pytest.mark.parametrize("known", [True, False])
def test_within_a_second_the_database_is_asked_once(
    acme: Tenant, key_of: KeyOf, clock: list[float], at: datetime, known: bool
) -> None:
    text = key_of(acme, "read").text if known else str(mint("live"))
    authenticate(text, at=at)
    clock[0] += FRESH_SECONDS - 0.01

    with CaptureQueriesContext(connection) as asked:
        authenticate(text, at=at)

    assert asked.captured_queries == []


def test_text_that_is_no_key_never_reaches_the_database(at: datetime) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert authenticate("crl_live_nonsense", at=at) is None

    assert asked.captured_queries == []


def test_the_memory_of_keys_is_bounded(monkeypatch: pytest.MonkeyPatch, at: datetime) -> None:
    monkeypatch.setattr(keys, "MAX_CACHED", 5)

    for _ in range(20):
        authenticate(str(mint("live")), at=at)

    assert len(keys._known) <= 5


def test_unknown_and_wrong_keys_take_the_same_steps(
    acme: Tenant, key_of: KeyOf, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = keys.hmac.compare_digest
    monkeypatch.setattr(keys.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    wrong = KeyText("live", key_of(acme, "read").public_id, mint("live").secret)

    statements = []
    for text in (str(mint("live")), str(wrong)):
        with CaptureQueriesContext(connection) as asked:
            assert authenticate(text, at=at) is None
        statements.append(len(asked))

    assert statements[0] == statements[1]
    assert [(len(a), len(b)) for a, b in compared] == [(32, 32), (32, 32)]


def test_a_secret_key_that_was_rotated_away_still_opens(
    acme: Tenant, key_of: KeyOf, at: datetime, settings: Any
) -> None:
    key = key_of(acme, "read")

    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one" * 10

    assert authenticate(key.text, at=at) is not None
    settings.SECRET_KEY_FALLBACKS = []
    assert authenticate(key.text, at=at) is None


def last_use(key: IssuedKey) -> datetime | None:
    return ApiKey.objects.get(id=key.id).last_used_at


def test_the_last_use_is_noted_once_a_minute(acme: Tenant, key_of: KeyOf, clock: list[float], at: datetime) -> None:
    key = key_of(acme, "read")

    for later, noted in [(0, 0), (59, 0), (60, 60), (90, 60), (121, 121)]:
        clock[0] += 100  # the cache has forgotten
        authenticate(key.text, at=at + timedelta(seconds=later))
        assert last_use(key) == at + timedelta(seconds=noted)


def test_the_last_use_is_noted_once_by_a_process_that_remembers(
    acme: Tenant, key_of: KeyOf, clock: list[float], at: datetime
) -> None:
    key = key_of(acme, "read")
    authenticate(key.text, at=at)

    with CaptureQueriesContext(connection) as asked:
        authenticate(key.text, at=at + TOUCH_EVERY / 2)

    assert asked.captured_queries == []


def test_a_refused_key_was_not_used(acme: Tenant, key_of: KeyOf, at: datetime) -> None:
    key = key_of(acme, "read")

    authenticate(str(KeyText("live", key.public_id, mint("live").secret)), at=at)

    assert last_use(key) is None


def test_failing_to_note_the_use_fails_nobody(
    acme: Tenant, key_of: KeyOf, at: datetime, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    key = key_of(acme, "read")

    def broken(*_: Any) -> None:
        raise DatabaseError("read-only")

    with connection.execute_wrapper(
        lambda execute, sql, *rest: broken() if "last_used_at =" in sql else execute(sql, *rest)
    ):
        caller = authenticate(key.text, at=at)

    assert caller is not None
    assert last_use(key) is None
    assert "api_key.touch_failed" in caplog.text
