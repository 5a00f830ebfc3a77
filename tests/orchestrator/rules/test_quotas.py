"""Quotas by the book: when periods begin and end, what counts, who goes first, and when marks are reached."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest

from orchestrator.rules.quotas import Quota, Wanted, concerned, ends_at, over_quota, starts_on, told_at
from tests.make import AT, a_claimed_delivery

TENANT = UUID(int=1)
NEXT_DAY = datetime(2026, 11, 21, tzinfo=UTC)
NEXT_MONTH = datetime(2026, 12, 1, tzinfo=UTC)


def a_quota(**facts: Any) -> Quota:
    return Quota(**{"tenant_id": TENANT, "channel": "", "account": "", "period": "day", "allowed": 1, "over": "wait",
                    **facts})  # fmt: skip


@pytest.mark.parametrize(
    ("period", "at", "since", "until"),
    [
        pytest.param("day", (2026, 11, 20, 12), (2026, 11, 20), (2026, 11, 21), id="a day"),
        pytest.param("day", (2026, 11, 20), (2026, 11, 20), (2026, 11, 21), id="midnight belongs to the day"),
        pytest.param("day", (2026, 11, 30, 23, 59), (2026, 11, 30), (2026, 12, 1), id="last day of a month"),
        pytest.param("day", (2028, 2, 28, 1), (2028, 2, 28), (2028, 2, 29), id="leap day ahead"),
        pytest.param("day", (2026, 12, 31, 1), (2026, 12, 31), (2027, 1, 1), id="last day of a year"),
        pytest.param("month", (2026, 11, 20, 12), (2026, 11, 1), (2026, 12, 1), id="a month"),
        pytest.param("month", (2026, 12, 1), (2026, 12, 1), (2027, 1, 1), id="December"),
        pytest.param("month", (2027, 1, 31, 23), (2027, 1, 1), (2027, 2, 1), id="January, 31 days"),
        pytest.param("month", (2027, 2, 28, 23), (2027, 2, 1), (2027, 3, 1), id="February"),
        pytest.param("month", (2028, 2, 29, 23), (2028, 2, 1), (2028, 3, 1), id="February of a leap year"),
        pytest.param("month", (2027, 4, 30, 23), (2027, 4, 1), (2027, 5, 1), id="April, 30 days"),
    ],
)
def test_periods_are_those_of_utc(
    period: str, at: tuple[int, ...], since: tuple[int, int, int], until: tuple[int, int, int]
) -> None:
    moment = datetime(*at, tzinfo=UTC)  # type: ignore[misc,arg-type]

    assert starts_on(period, at=moment) == date(*since)
    assert ends_at(period, at=moment) == datetime(*until, tzinfo=UTC)


def test_a_moment_told_in_another_zone_is_the_same_moment() -> None:
    in_tokyo = datetime(2026, 12, 1, 8, 59, tzinfo=timezone(timedelta(hours=9)))

    assert starts_on("month", at=in_tokyo) == date(2026, 11, 1)
    assert ends_at("day", at=in_tokyo) == NEXT_MONTH


@pytest.mark.parametrize(
    ("quota", "delivery", "counts"),
    [
        pytest.param({}, {}, True, id="everything"),
        pytest.param({"channel": "email"}, {}, True, id="its channel"),
        pytest.param({"channel": "sms"}, {}, False, id="another channel"),
        pytest.param({}, {"mode": "test"}, False, id="a test"),
        pytest.param({}, {"attempts": 1}, False, id="tried again"),
        pytest.param({}, {"tenant_id": UUID(int=2)}, False, id="another tenant"),
        pytest.param({"account": "smtp"}, {}, True, id="its account"),
        pytest.param({"account": "smtp"}, {"attempts": 1}, True, id="an account is called once more"),
        pytest.param({"account": "smtp"}, {"mode": "test"}, False, id="a test through an account"),
        pytest.param({"account": "other"}, {}, False, id="another account"),
        pytest.param({}, {"priority": 0}, True, id="critical"),
    ],
)
def test_what_counts(quota: dict[str, Any], delivery: dict[str, Any], *, counts: bool) -> None:
    assert (concerned([a_quota(**quota)], a_claimed_delivery(**delivery), account="smtp") is not None) is counts


def want(number: int, *quotas: Quota, **facts: Any) -> Wanted:
    return Wanted(a_claimed_delivery(id=UUID(int=number), **facts), quotas)


def test_the_higher_ones_go_first_then_the_older_ones_and_critical_always() -> None:
    quota = a_quota()
    wanted = [want(1, quota, priority=3), want(2, quota, priority=2), want(3, quota, priority=2)]

    critical = [want(n, quota, priority=0) for n in (7, 8)]

    assert [m.delivery.id.int for m in over_quota(wanted, {quota: 1}, at=AT)] == [3, 1]
    assert [m.delivery.id.int for m in over_quota([*wanted, *critical], {quota: 1}, at=AT)] == [2, 3, 1]
    assert over_quota(wanted, {quota: 3}, at=AT) == []


def test_what_one_quota_refuses_leaves_room_in_the_others() -> None:
    all_together, mail = a_quota(allowed=2), a_quota(channel="email")
    wanted = [want(1, all_together, mail), want(2, all_together, mail), want(3, all_together, channel="sms")]

    assert [m.delivery.id.int for m in over_quota(wanted, {all_together: 2, mail: 1}, at=AT)] == [2]


@pytest.mark.parametrize(
    ("quotas", "expires_at", "state", "until"),
    [
        pytest.param([{}], None, "pending", NEXT_DAY, id="waits for tomorrow"),
        pytest.param([{}], NEXT_DAY + timedelta(seconds=1), "pending", NEXT_DAY, id="lives to see it"),
        pytest.param([{}], NEXT_DAY, "skipped", NEXT_DAY, id="does not live to see it"),
        pytest.param([{"over": "skip"}], None, "skipped", NEXT_DAY, id="is not to wait"),
        pytest.param([{}, {"period": "month"}], None, "pending", NEXT_MONTH, id="the latest counts"),
        pytest.param([{"over": "skip"}, {"period": "month"}], None, "skipped", NEXT_MONTH, id="the strictest counts"),
    ],
)
def test_what_becomes_of_what_is_over(
    quotas: list[dict[str, Any]], expires_at: datetime | None, state: str, until: datetime
) -> None:
    full = [a_quota(**facts) for facts in quotas]

    (move,) = over_quota([want(1, *full, expires_at=expires_at)], dict.fromkeys(full, 0), at=AT)

    waits = ("quota_exceeded", until) if state == "pending" else ("", None)
    assert (move.state, move.reason) == (state, "quota_exceeded")
    assert (move.wait_reason, move.due_at, move.detail["until"]) == (*waits, until.isoformat())


@pytest.mark.parametrize(
    ("allowed", "before", "used", "told"),
    [
        pytest.param(10, 0, 7, [], id="far away"),
        pytest.param(10, 7, 8, [80], id="80"),
        pytest.param(10, 8, 9, [], id="told already"),
        pytest.param(10, 9, 10, [100], id="100"),
        pytest.param(10, 0, 12, [80, 100], id="both at once, and over"),
        pytest.param(10, 10, 12, [], id="over it for long"),
        pytest.param(1, 0, 1, [80, 100], id="one"),
        pytest.param(3, 1, 2, [], id="80 % of three are three"),
        pytest.param(0, 0, 1, [], id="nothing allowed"),
    ],
)
def test_marks_are_told_when_they_are_reached(allowed: int, before: int, used: int, told: list[int]) -> None:
    assert told_at(a_quota(allowed=allowed), before=before, used=used) == told
