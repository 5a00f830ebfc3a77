"""Rate limits through a real Valkey, and without one."""

import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from channels_app.limits import Held, Limits, Wanted, buckets_for, buckets_of
from channels_app.rules.gcra import Ask, Bucket, Grant
from channels_app.rules.gcra import take as take_alone
from channels_app.shared_state import SharedState
from channels_app.values import Account, Terms
from kernel.env_kinds import Rate

ACCOUNT = Account("smtp", "smtp", "email", "live")


@pytest.fixture(params=["shared", "alone"])
def limits(request: pytest.FixtureRequest) -> Limits:
    return Limits(request.getfixturevalue(request.param))


def bucket(key: str, *, burst: int, kept: int = 0, people: bool = False) -> Bucket:
    """One token in a thousand seconds: during a test it only empties. Alone a process has half of it."""
    return Bucket(key, tokens=1, seconds=1000, burst=burst, kept_for_critical=kept, people=people)


def server_time(valkey: redis.Redis) -> float:
    """Seconds by the clock that the buckets go by; this process has another one, which a correction may not move."""
    seconds, microseconds = valkey.time()
    return float(seconds) + float(microseconds) / 1_000_000


@pytest.mark.parametrize(
    ("asks", "granted"),
    [
        pytest.param([Ask((bucket("a", burst=10),), 3)], [3], id="enough"),
        pytest.param([Ask((bucket("a", burst=10),), 30)], [10], id="as many as there are"),
        pytest.param([Ask((bucket("a", burst=10),), 7), Ask((bucket("a", burst=10),), 7)], [7, 3], id="in their order"),
        pytest.param(
            [Ask((bucket("a", burst=4), bucket("b", burst=10)), 9), Ask((bucket("b", burst=10),), 9)],
            [4, 6],
            id="the tightest decides",
        ),
        pytest.param(
            [Ask((bucket("a", burst=10, kept=4),), 10), Ask((bucket("a", burst=10, kept=4),), 10, critical=True)],
            [6, 4],
            id="some are kept for critical asks",
        ),
        pytest.param(
            [Ask((bucket("p", burst=2, people=True), bucket("a", burst=10)), 5, critical=True)],
            [5],
            id="critical passes limits for people",
        ),
        pytest.param([Ask((), 5)], [5], id="no limit at all"),
    ],
)
def test_asks_are_served_from_their_buckets(shared: SharedState, asks: list[Ask], granted: list[int]) -> None:
    grants = Limits(shared).take(asks)

    assert [grant.granted for grant in grants] == granted


def test_what_is_not_granted_hears_when_to_come_back(shared: SharedState) -> None:
    slow = Bucket("slow", tokens=1, seconds=10, burst=1)

    first, second = Limits(shared).take([Ask((slow,), 1), Ask((slow,), 1)])

    assert first == Grant(1)
    assert second.limited_by == "slow"
    assert second.granted == 0
    assert second.wait_seconds == pytest.approx(10, abs=0.1)


def test_tokens_come_back_with_time(shared: SharedState) -> None:
    limits, quick = Limits(shared), Bucket("quick", tokens=50, seconds=1, burst=5)
    assert limits.take([Ask((quick,), 9)])[0].granted == 5

    time.sleep(0.065)

    assert limits.take([Ask((quick,), 9)])[0].granted in (3, 4)


def test_fifty_clients_get_no_token_too_many(shared: SharedState) -> None:
    crowd = [Limits(SharedState()) for _ in range(50)]
    scarce = bucket("scarce", burst=1000)

    with ThreadPoolExecutor(50) as threads:
        grants = list(threads.map(lambda limits: [limits.take([Ask((scarce,), 3)])[0] for _ in range(10)], crowd))

    assert sum(grant.granted for one in grants for grant in one) == 1000


def test_the_rate_over_time_is_what_was_asked_for(shared: SharedState, valkey: redis.Redis) -> None:
    limits, steady = Limits(shared), Bucket("steady", tokens=200, seconds=1, burst=20)
    begin, granted = server_time(valkey), 0

    while granted < 220:
        granted += limits.take([Ask((steady,), 5)])[0].granted
    seconds = server_time(valkey) - begin

    assert seconds >= (granted - 20) / 200 - 0.01


def test_a_key_is_forgotten_once_its_bucket_is_full_again(shared: SharedState, valkey: redis.Redis) -> None:
    Limits(shared).take([Ask((Bucket("brief", tokens=10, seconds=1, burst=10),), 5)])

    assert 400 < valkey.pttl("brief") <= 502


def test_a_flushed_redis_gives_one_burst_more_and_no_error(shared: SharedState, valkey: redis.Redis) -> None:
    limits, small = Limits(shared), bucket("small", burst=5)
    before = limits.take([Ask((small,), 9)])[0].granted

    valkey.flushdb()
    valkey.script_flush()

    assert (before, limits.take([Ask((small,), 9)])[0].granted) == (5, 5)


def test_a_process_alone_allows_itself_half(alone: SharedState) -> None:
    limits = Limits(alone)

    assert [limits.take([Ask((bucket("a", burst=10),), 9)])[0].granted for _ in range(2)] == [5, 0]


def test_redis_out_costs_one_short_try_a_second(settings: Settings) -> None:
    settings.REDIS_URL = "redis://10.255.255.1:6379/0"  # nobody answers there, and nobody refuses either
    limits, wide = Limits(SharedState()), bucket("wide", burst=10_000)

    begin = time.monotonic()
    for _ in range(200):
        limits.take([Ask((wide,), 1)])

    assert time.monotonic() - begin < 0.4


def test_redis_is_used_again_when_it_is_back(
    alone: SharedState, settings: Settings, servers: dict[str, str], valkey: redis.Redis
) -> None:
    limits, mine = Limits(alone), bucket("mine", burst=10)
    settings.REDIS_URL = "unix:///tmp/nobody.sock"
    limits.take([Ask((mine,), 1)])

    settings.REDIS_URL = servers["redis_url"]
    time.sleep(1.05)
    limits.take([Ask((mine,), 1)])

    assert valkey.exists("mine")


@pytest.mark.parametrize(
    ("channel", "rates"),
    [
        ("email", [(100_000, 60), (10_000, 3600)]),
        ("sms", [(100_000, 60), (1_000, 3600)]),
        ("push", [(100_000, 60), (50_000, 3600)]),
        ("in_app", [(100_000, 60)]),
    ],
)
def test_default_limits(channel: str, rates: list[tuple[int, int]], settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = None, {}

    assert [(bucket.tokens, bucket.seconds) for bucket in buckets_of(channel)] == rates


def test_the_operators_limits_win(settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = Rate(7, 1), {"in_app": Rate(3, 60)}

    assert [(bucket.tokens, bucket.seconds, bucket.burst) for bucket in buckets_of("in_app")] == [(7, 1, 7), (3, 60, 3)]


def wanted(channel: str = "email", *, critical: bool = False, **facts: Any) -> Wanted:
    """A delivery of a tenant of its own to a person of its own, by an account without limits."""
    given: dict[str, Any] = {"tenant_id": uuid4(), "mode": "live", "account": ACCOUNT, "recipient_id": uuid4()}
    return Wanted(channel=channel, critical=critical, **{**given, **facts})


def account(**terms: int) -> Account:
    return Account("smtp:main:1", "smtp", "email", "live", terms=Terms(**terms))


def whose(held: Sequence[Held | None]) -> Counter[str]:
    return Counter("" if one is None else one.whose for one in held)


def test_a_first_campaign_of_a_thousand_mails_goes_at_once(limits: Limits, settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = None, {}

    assert limits.admit([wanted(channel) for channel in ("email", "in_app") for _ in range(1000)]) == [None] * 2000


def test_channels_share_the_global_limit(shared: SharedState, settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = Rate(100, 3600), {}

    held = Limits(shared).admit([wanted(channel) for channel in ("email", "in_app") for _ in range(60)])
    critical = Limits(shared).admit([wanted(critical=True) for _ in range(60)])

    assert whose(held) == {"": 90, "installation": 30}
    assert whose(critical) == {"": 10, "installation": 50}


def test_a_batch_of_many_people_is_one_round_trip(shared: SharedState, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, run = [], shared.run

    def counted(*what: Any, **facts: Any) -> Any:
        asked.append(len(facts["keys"]))
        return run(*what, **facts)

    monkeypatch.setattr(shared, "run", counted)

    assert Limits(shared).admit([wanted() for _ in range(50)]) == [None] * 50
    assert asked == [1 + 2 + 50 * 2]  # the account's gate, the installation, and an hour and a day of everybody


def test_one_person_hears_twenty_times_an_hour_and_critical_is_not_counted(shared: SharedState) -> None:
    limits, ana = Limits(shared), uuid4()

    held = limits.admit([wanted(recipient_id=ana) for _ in range(25)])
    critical = limits.admit([wanted(recipient_id=ana, critical=True) for _ in range(25)])
    uncounted = limits.admit([wanted(recipient_id=None) for _ in range(25)])
    tested = limits.admit([wanted(recipient_id=ana, mode="test") for _ in range(25)])

    assert whose(held) == {"": 20, "people": 5}
    assert [round(one.wait_seconds / 180) for one in held if one] == [1, 2, 3, 4, 5]
    assert critical == uncounted == [None] * 25
    assert whose(tested) == {"": 20, "people": 5}


def test_limits_for_people_can_be_switched_off(shared: SharedState, settings: Settings) -> None:
    settings.RATE_LIMIT_RECIPIENT_HOUR = settings.RATE_LIMIT_RECIPIENT_DAY = 0
    ana = uuid4()

    assert Limits(shared).admit([wanted(recipient_id=ana) for _ in range(200)]) == [None] * 200


def test_a_tenant_has_a_limit_of_its_own_when_the_operator_says_so(shared: SharedState, settings: Settings) -> None:
    settings.RATE_LIMIT_TENANT = Rate(10, 3600)
    acme, globex = uuid4(), uuid4()

    held = Limits(shared).admit([wanted(tenant_id=tenant) for tenant in [acme] * 20 + [globex] * 5])

    assert whose(held) == {"": 9 + 5, "installation": 11}  # one is kept for critical deliveries


@pytest.mark.parametrize("critical", [False, True])
def test_nobody_passes_the_limit_of_an_account(limits: Limits, critical: bool) -> None:
    mine = account(per_hour=60)

    held = limits.admit([wanted(account=mine, critical=critical) for _ in range(30)])

    assert whose(held)["account"] >= 24
    assert limits.is_spent(mine.key)
    assert not limits.is_spent("smtp")


@given(
    count=st.integers(1, 200),
    wishes=st.lists(st.tuples(st.integers(0, 700), st.integers(1, 80)), min_size=1, max_size=60),
)
def test_no_second_ever_sees_more_than_the_limit_of_an_account(count: int, wishes: list[tuple[int, int]]) -> None:
    mine = Wanted("email", UUID(int=1), "live", account(per_second=count), None, critical=True)
    (bucket,) = (b for b in buckets_for(mine) if isinstance(b, Bucket) and b.key.endswith(":1"))
    arrivals: dict[str, float] = {}
    now_ms, gone = 0, list[int]()

    for later_ms, number in wishes:
        now_ms += later_ms
        (grant,) = take_alone(arrivals, [Ask((bucket,), number, critical=True)], now_us=now_ms * 1000)
        gone += [now_ms] * grant.granted

    busiest = max((sum(start <= moment < start + 1000 for moment in gone) for start in gone), default=0)
    assert busiest <= count


def test_those_who_wait_for_one_bucket_come_back_as_it_refills(shared: SharedState) -> None:
    mine = account(per_second=1)

    held = Limits(shared).admit([wanted(account=mine) for _ in range(5)])

    waits = [one.wait_seconds for one in held if one is not None]
    assert [round(later - sooner, 3) for sooner, later in pairwise(waits)] == [1.0, 1.0, 1.0]


def test_nothing_goes_to_an_account_that_asked_to_be_left_alone(valkey: redis.Redis, shared: SharedState) -> None:
    here, there = Limits(shared), Limits(SharedState())
    busy, other = account(), Account("smtp:other:2", "smtp", "email", "live")

    here.quiet(busy.key, seconds=30)
    here.quiet(busy.key, seconds=3)
    held = there.admit([wanted(account=busy, critical=True), wanted(account=busy), wanted(account=other)])

    assert whose(held) == {"": 1, "account": 2}
    assert held[0] is not None
    assert 25 < held[0].wait_seconds <= 30
    assert (here.is_spent(busy.key), there.is_spent(busy.key), there.is_spent(other.key)) == (True, True, False)


def test_it_is_left_alone_for_as_long_as_it_asked(limits: Limits) -> None:
    mine = account()
    limits.quiet(mine.key, seconds=0.3)
    begin = time.monotonic()

    while limits.admit([wanted(account=mine)]) != [None]:
        time.sleep(0.005)

    assert time.monotonic() - begin > 0.29
    while limits.is_spent(mine.key):  # what this process knows may be a moment behind
        assert time.monotonic() - begin < 30
        time.sleep(0.005)
