"""Requests that come at the same time: real threads and transactions; the first is held by a lock while others come."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection
from ledger_api import a_request

from audience.models import Recipient
from notifications.models import Notification
from notifications.services import together
from notifications.services.accept import Asked, Door, accept_together
from notifications.services.together import FEW_PEOPLE, MOST_TOGETHER, accept_beside_others
from notifications.values import Accepted, Answer, NotificationRequest, Refused
from tenants.asking import Statement, unasked
from tenants.idempotency import LostRace
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tests import make

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("people", "silence")]

PATIENCE_SECONDS = 10.0
AT = make.AT


@pytest.fixture
def silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bells are not rung."""
    monkeypatch.setattr("events.bells.ring", lambda _lanes: None)


def telling(number: int, **facts: Any) -> NotificationRequest:
    """A request that brings somebody new."""
    return a_request(recipients=[{"id": f"new-{number}"}], **facts)


def news_of_ana(**facts: Any) -> NotificationRequest:
    """A request that changes what is known of Ana, so that it waits for whoever has locked her."""
    return a_request(recipients=[{"id": "ana", "locale": "fr"}], **facts)


class Crowd:
    """People at the door, each in a thread of their own."""

    def __init__(self, pool: ThreadPoolExecutor, tenant_id: UUID) -> None:
        self._pool, self._tenant_id = pool, tenant_id

    def ask(self, request: NotificationRequest, **door: str) -> Future[Answer]:
        """Somebody comes to the door."""
        asked = Asked(Door(self._tenant_id, **door), request)

        def run() -> Answer:
            try:
                return accept_beside_others(asked, at=AT)
            finally:
                connection.close()

        return self._pool.submit(run)

    def in_line(self, wanted: int) -> None:
        """Wait until so many stand in line behind one who tells about people."""
        awaited(lambda: len(together._lines.get((self._tenant_id, True), ())) == wanted)


@pytest.fixture
def crowd(tenant: Tenant) -> Iterator[Crowd]:
    with ThreadPoolExecutor(MOST_TOGETHER + 10) as pool:
        yield Crowd(pool, tenant.id)
    assert together._lines == {}


@contextmanager
def ana_locked(tenant: Tenant) -> Iterator[None]:
    """Somebody else is writing about Ana."""
    with tenant_scope(tenant.id):
        Recipient.objects.select_for_update().get(external_id="ana")
        yield


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def awaited(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.005)


def transactions() -> list[int]:
    """How many notifications each transaction has brought, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM notifications_notification GROUP BY xmin::text::bigint ORDER BY 1")
        return [count for (count,) in cursor.fetchall()]


def test_who_comes_alone_is_answered_alone(crowd: Crowd) -> None:
    answers = [crowd.ask(a_request()).result(), crowd.ask(a_request()).result()]

    assert [type(answer) for answer in answers] == [Accepted, Accepted]
    assert transactions() == [1, 1]


def test_those_who_come_meanwhile_share_one_transaction(crowd: Crowd, tenant: Tenant) -> None:
    with ana_locked(tenant):
        first = crowd.ask(news_of_ana())
        awaited(somebody_waits)
        others = [crowd.ask(telling(number, idempotency_key=f"k{number}")) for number in range(8)]
        crowd.in_line(8)
        assert not any(answer.done() for answer in (first, *others))

    ids = {answer.result().id for answer in (first, *others)}  # type: ignore[union-attr]
    assert ids == set(Notification.objects.values_list("id", flat=True))
    assert transactions() == [1, 8]


def test_no_more_than_can_be_locked_go_together(crowd: Crowd, tenant: Tenant) -> None:
    with ana_locked(tenant):
        crowd.ask(news_of_ana())
        awaited(somebody_waits)
        others = [crowd.ask(telling(number)) for number in range(MOST_TOGETHER + 3)]
        crowd.in_line(MOST_TOGETHER + 3)

    assert {type(answer.result()) for answer in others} == {Accepted}
    assert transactions() == [1, 3, MOST_TOGETHER]


def test_each_keeps_who_asked_in_which_trace_and_mode(crowd: Crowd, tenant: Tenant) -> None:
    with ana_locked(tenant):
        crowd.ask(news_of_ana())
        awaited(somebody_waits)
        others = [
            crowd.ask(telling(1, tags=["1"]), actor="key:1", traceparent="trace-1", mode="live"),
            crowd.ask(telling(2, tags=["2"]), actor="key:2", traceparent="trace-2", mode="test"),
        ]
        crowd.in_line(2)

    assert {type(answer.result()) for answer in others} == {Accepted}
    rows = Notification.objects.exclude(tags=[]).values_list("tags", "actor", "traceparent", "mode")
    assert sorted(rows) == [(["1"], "key:1", "trace-1", "live"), (["2"], "key:2", "trace-2", "test")]


def test_those_who_only_name_people_do_not_wait_for_those_who_tell_of_them(crowd: Crowd, tenant: Tenant) -> None:
    with ana_locked(tenant):
        first = crowd.ask(news_of_ana())
        awaited(somebody_waits)

        assert isinstance(crowd.ask(a_request(recipients=["bob"])).result(PATIENCE_SECONDS), Accepted)
        assert not first.done()


def test_another_tenant_does_not_wait(crowd: Crowd, tenant: Tenant, stranger: Tenant) -> None:
    with ana_locked(tenant), ThreadPoolExecutor(1) as pool:
        first = crowd.ask(news_of_ana())
        awaited(somebody_waits)

        answer = Crowd(pool, stranger.id).ask(telling(1)).result(PATIENCE_SECONDS)
        assert isinstance(answer, Accepted)
        assert not first.done()


def test_nobody_waits_for_a_request_to_many(crowd: Crowd, tenant: Tenant) -> None:
    many = [{"id": "ana", "locale": "fr"}, *({"id": f"many-{number}"} for number in range(FEW_PEOPLE))]
    with ana_locked(tenant):
        first = crowd.ask(a_request(recipients=many))
        awaited(somebody_waits)

        assert isinstance(crowd.ask(telling(1)).result(PATIENCE_SECONDS), Accepted)
        assert not first.done()


def test_a_key_asked_twice_at_once_is_done_once(crowd: Crowd, tenant: Tenant) -> None:
    with ana_locked(tenant):
        crowd.ask(news_of_ana())
        awaited(somebody_waits)
        same = [crowd.ask(telling(1, idempotency_key="k")) for _ in range(3)]
        crowd.in_line(3)
        another = crowd.ask(telling(2, idempotency_key="k"))
        crowd.in_line(4)

    answers = [answer.result() for answer in same]
    assert {(answer.id, answer.body) for answer in answers if isinstance(answer, Accepted)} == {
        (answers[0].id, answers[0].body)  # type: ignore[union-attr]
    }
    assert sorted(answer.replayed for answer in answers if isinstance(answer, Accepted)) == [False, True, True]
    refused = another.result()
    assert isinstance(refused, Refused)
    assert refused.code == "idempotency_key_reused"
    assert Notification.objects.count() == 2


def test_what_is_wrong_with_one_is_no_concern_of_the_others(
    crowd: Crowd, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poisoned(tenant_id: UUID, asked: list[Asked], *, at: datetime) -> list[Answer]:
        with tenant_scope(tenant_id):
            answers = accept_together(tenant_id, asked, at=at)
            if any(one.request.tags == ["poison"] for one in asked):
                raise ValueError("no digestion")
        return answers

    monkeypatch.setattr(together, "accept_together", poisoned)
    with ana_locked(tenant):
        crowd.ask(news_of_ana())
        awaited(somebody_waits)
        good = [crowd.ask(telling(number)) for number in range(3)]
        bad = crowd.ask(telling(9, tags=["poison"]))
        crowd.in_line(4)

    assert {type(answer.result()) for answer in good} == {Accepted}
    with pytest.raises(ValueError, match="no digestion"):
        bad.result()
    assert transactions() == [1, 1, 1, 1]


def test_who_is_cut_off_at_the_end_does_not_try_again(
    crowd: Crowd, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The transaction may be there all the same: another try could do it twice."""

    def cut_off(tenant_id: UUID, asked: list[Asked], *, at: datetime) -> list[Answer]:
        answers = accept_together(tenant_id, asked, at=at)
        if len(asked) > 1:
            raise OperationalError("server closed the connection unexpectedly")
        return answers

    monkeypatch.setattr(together, "accept_together", cut_off)
    with ana_locked(tenant):
        crowd.ask(news_of_ana())
        awaited(somebody_waits)
        others = [crowd.ask(telling(number)) for number in range(3)]
        crowd.in_line(3)

    assert [type(answer.exception()) for answer in others] == [OperationalError] * 3
    assert transactions() == [1, 3]


def test_a_lost_race_is_run_again(crowd: Crowd, monkeypatch: pytest.MonkeyPatch) -> None:
    races = iter([LostRace("once"), None])

    def lose(*_: Any, **__: Any) -> Statement[None]:
        if race := next(races):
            raise race
        return unasked(None)

    monkeypatch.setattr("notifications.services.accept.remembering", lose)

    assert isinstance(crowd.ask(a_request(idempotency_key="k")).result(), Accepted)
    assert transactions() == [1]
