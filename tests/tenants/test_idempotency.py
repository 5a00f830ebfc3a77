"""Answers remembered: the batch calls."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.idempotency import (
    KEPT_FOR,
    MOST_LOCKS,
    Claim,
    Done,
    Fresh,
    InFlight,
    LostRace,
    Replay,
    Reused,
    Twin,
    Verdict,
    purge,
    remember,
    reserve,
)
from tenants.models import IdempotencyRecord, Tenant
from tenants.scope import tenant_scope

MARK, OTHER = b"m" * 32, b"o" * 32


def claims(*keys: str, mark: bytes = MARK) -> list[Claim]:
    return [Claim(key, mark) for key in keys]


def done(key: str, mark: bytes = MARK, body: bytes = b"{}") -> Done:
    return Done(key, mark, status=202, headers={"Location": f"/{key}"}, body=body)


def ask(tenant: Tenant, wanted: list[Claim], at: datetime) -> list[Verdict]:
    with tenant_scope(tenant.id):
        return reserve(tenant.id, claims=wanted, at=at)


def keep(tenant: Tenant, *kept: Done, at: datetime) -> None:
    with tenant_scope(tenant.id):
        remember(tenant.id, done=kept, at=at)


class Meanwhile:
    """Another request of the same tenant, on a connection of its own; `finish` lets it commit."""

    def __init__(self, tenant: Tenant, work: Callable[[], Any]) -> None:
        self._tenant, self._work = tenant, work
        self._worked, self._may_end = Event(), Event()
        self._failure: BaseException | None = None
        self._thread = Thread(target=self._run)

    def _run(self) -> None:
        try:
            with tenant_scope(self._tenant.id):
                self._work()
                self._worked.set()
                assert self._may_end.wait(20)
        except BaseException as failure:  # noqa: BLE001 - told to the test's own thread by `finish`
            self._failure = failure
        finally:
            self._worked.set()
            connection.close()

    def __enter__(self) -> "Meanwhile":
        self._thread.start()
        assert self._worked.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self.finish()

    def let_end(self) -> None:
        self._may_end.set()

    def finish(self) -> None:
        self.let_end()
        self._thread.join(20)
        if self._failure is not None:
            raise self._failure


@pytest.mark.django_db
def test_a_new_key_is_fresh(acme: Tenant, at: datetime) -> None:
    assert ask(acme, claims("a", "b"), at) == [Fresh(), Fresh()]


@pytest.mark.django_db
def test_the_same_request_gets_the_first_answer(acme: Tenant, at: datetime) -> None:
    keep(acme, done("a", body=b'{"id": 1}\x00\xff'), at=at)

    assert ask(acme, claims("a"), at) == [Replay(202, {"Location": "/a"}, b'{"id": 1}\x00\xff')]


@pytest.mark.django_db
def test_another_request_with_the_key_is_told(acme: Tenant, at: datetime) -> None:
    keep(acme, done("a"), at=at)

    assert ask(acme, claims("a", mark=OTHER), at) == [Reused()]


@pytest.mark.django_db
def test_a_batch_gets_a_verdict_each_in_order(acme: Tenant, at: datetime) -> None:
    keep(acme, done("old"), done("taken", mark=OTHER), at=at)

    verdicts = ask(acme, claims("new", "old", "taken", "new"), at)

    assert verdicts == [Fresh(), Replay(202, {"Location": "/old"}, b"{}"), Reused(), Twin(of=0)]


@pytest.mark.django_db
def test_one_key_for_two_requests_of_a_batch_is_reused(acme: Tenant, at: datetime) -> None:
    assert ask(acme, [Claim("a", MARK), Claim("a", OTHER)], at) == [Fresh(), Reused()]


@pytest.mark.django_db
def test_two_tenants_share_no_key(acme: Tenant, globex: Tenant, at: datetime) -> None:
    keep(acme, done("a"), at=at)

    assert ask(globex, claims("a", mark=OTHER), at) == [Fresh()]
    keep(globex, done("a", mark=OTHER), at=at)
    assert ask(acme, claims("a"), at) == [Replay(202, {"Location": "/a"}, b"{}")]


@pytest.mark.django_db
def test_an_answer_is_kept_for_seven_days(acme: Tenant, at: datetime) -> None:
    keep(acme, done("a"), at=at)

    assert ask(acme, claims("a"), at + KEPT_FOR - timedelta(seconds=1)) == [Replay(202, {"Location": "/a"}, b"{}")]
    assert ask(acme, claims("a"), at + KEPT_FOR) == [Fresh()]
    assert timedelta(days=7) == KEPT_FOR


@pytest.mark.django_db
def test_an_expired_answer_is_replaced(acme: Tenant, at: datetime) -> None:
    keep(acme, done("a", body=b"old"), at=at)
    later = at + KEPT_FOR

    keep(acme, done("a", mark=OTHER, body=b"new"), at=later)

    assert ask(acme, claims("a", mark=OTHER), later) == [Replay(202, {"Location": "/a"}, b"new")]
    assert IdempotencyRecord.objects.count() == 1


@pytest.mark.django_db
def test_nothing_asked_is_nothing_done(acme: Tenant, at: datetime) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert reserve(acme.id, claims=[], at=at) == []
        remember(acme.id, done=[], at=at)

    assert asked.captured_queries == []


@pytest.mark.django_db
@pytest.mark.parametrize("count", [1, MOST_LOCKS, MOST_LOCKS + 1, 1000])
def test_any_number_of_keys_takes_two_queries(acme: Tenant, at: datetime, count: int) -> None:
    keys = [f"key-{number}" for number in range(count)]

    with tenant_scope(acme.id), CaptureQueriesContext(connection) as asked:
        assert reserve(acme.id, claims=claims(*keys), at=at) == [Fresh()] * count
        remember(acme.id, done=[done(key) for key in keys], at=at)

    assert len(asked) == 2
    assert ask(acme, claims(*keys), at) == [Replay(202, {"Location": f"/{key}"}, b"{}") for key in keys]


@pytest.mark.django_db
def test_purging_takes_what_has_expired_up_to_the_limit(acme: Tenant, globex: Tenant, at: datetime) -> None:
    keep(acme, done("a"), done("b"), at=at)
    keep(globex, done("c"), at=at)
    keep(acme, done("fresh"), at=at + timedelta(seconds=1))

    purged = [purge(at=at + KEPT_FOR, limit=2) for _ in range(3)]

    assert purged == [2, 1, 0]
    assert [record.key for record in IdempotencyRecord.objects.all()] == ["fresh"]


@pytest.mark.django_db(transaction=True)
def test_a_key_in_flight_is_told_and_nobody_waits(acme: Tenant, at: datetime) -> None:
    def first() -> None:
        assert reserve(acme.id, claims=claims("a"), at=at) == [Fresh()]
        remember(acme.id, done=[done("a")], at=at)

    with Meanwhile(acme, first):
        assert ask(acme, claims("a", "b"), at) == [InFlight(), Fresh()]

    assert ask(acme, claims("a"), at) == [Replay(202, {"Location": "/a"}, b"{}")]


@pytest.mark.django_db(transaction=True)
def test_a_known_answer_is_given_while_somebody_else_asks_for_it(acme: Tenant, at: datetime) -> None:
    keep(acme, done("a"), at=at)

    with Meanwhile(acme, lambda: reserve(acme.id, claims=claims("a"), at=at)):
        assert ask(acme, claims("a"), at) == [Replay(202, {"Location": "/a"}, b"{}")]


@pytest.mark.django_db(transaction=True)
def test_a_request_that_failed_leaves_its_key_free(acme: Tenant, at: datetime) -> None:
    def fails() -> None:
        reserve(acme.id, claims=claims("a"), at=at)
        remember(acme.id, done=[done("a")], at=at)
        raise RuntimeError

    with pytest.raises(RuntimeError), tenant_scope(acme.id):
        fails()

    assert ask(acme, claims("a"), at) == [Fresh()]
    assert not IdempotencyRecord.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_big_batches_with_a_common_key_do_it_once(acme: Tenant, at: datetime) -> None:
    """Beyond `MOST_LOCKS` nobody is warned; the primary key still lets one of them through."""
    mine = [f"mine-{number}" for number in range(MOST_LOCKS + 1)] + ["common"]
    theirs = ["common"] + [f"theirs-{number}" for number in range(MOST_LOCKS + 1)]

    def first() -> None:
        assert set(map(type, reserve(acme.id, claims=claims(*theirs), at=at))) == {Fresh}
        remember(acme.id, done=[done(key, body=b"theirs") for key in theirs], at=at)

    def second(other: Meanwhile) -> None:
        assert set(map(type, reserve(acme.id, claims=claims(*mine), at=at))) == {Fresh}
        other.let_end()  # `remember` waits for the other transaction's end
        remember(acme.id, done=[done(key, body=b"mine") for key in mine], at=at)

    with Meanwhile(acme, first) as other, pytest.raises(LostRace, match="1 of 66 keys"), tenant_scope(acme.id):
        second(other)

    assert ask(acme, claims("common"), at) == [Replay(202, {"Location": "/common"}, b"theirs")]
    assert ask(acme, claims(mine[0]), at) == [Fresh()]
