"""Rate limits through a real Valkey, and without one."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from pytest_django import Settings

from channels_app.limits import Limits, buckets_of
from channels_app.rules.gcra import Ask, Bucket, Grant
from channels_app.shared_state import SharedState
from kernel.env_kinds import Rate


@pytest.fixture(params=["shared", "alone"])
def limits(request: pytest.FixtureRequest) -> Limits:
    return Limits(request.getfixturevalue(request.param))


def bucket(key: str, *, burst: int, kept: int = 0, people: bool = False) -> Bucket:
    """One token in a thousand seconds: during a test it only empties. Alone a process has half of it."""
    return Bucket(key, count=1, seconds=1000, burst=burst, kept_for_critical=kept, people=people)


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
    slow = Bucket("slow", count=1, seconds=10, burst=1)

    first, second = Limits(shared).take([Ask((slow,), 1), Ask((slow,), 1)])

    assert first == Grant(1)
    assert second.granted == 0
    assert second.wait_seconds == pytest.approx(10, abs=0.1)


def test_tokens_come_back_with_time(shared: SharedState) -> None:
    limits, quick = Limits(shared), Bucket("quick", count=50, seconds=1, burst=5)
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
    limits, steady = Limits(shared), Bucket("steady", count=200, seconds=1, burst=20)
    begin, granted = server_time(valkey), 0

    while granted < 220:
        granted += limits.take([Ask((steady,), 5)])[0].granted
    seconds = server_time(valkey) - begin

    assert seconds >= (granted - 20) / 200 - 0.01


def test_a_key_is_forgotten_once_its_bucket_is_full_again(shared: SharedState, valkey: redis.Redis) -> None:
    Limits(shared).take([Ask((Bucket("brief", count=10, seconds=1, burst=10),), 5)])

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

    assert [(bucket.count, bucket.seconds) for bucket in buckets_of(channel)] == rates


def test_the_operators_limits_win(settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = Rate(7, 1), {"in_app": Rate(3, 60)}

    assert [(bucket.count, bucket.seconds, bucket.burst) for bucket in buckets_of("in_app")] == [(7, 1, 7), (3, 60, 3)]


def test_a_first_campaign_of_a_thousand_mails_goes_at_once(limits: Limits, settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = None, {}

    assert limits.grants({"email": 1000, "in_app": 1000}, critical=False) == {
        "email": Grant(1000),
        "in_app": Grant(1000),
    }


def test_channels_share_the_global_limit(shared: SharedState, settings: Settings) -> None:
    settings.RATE_LIMIT_GLOBAL, settings.RATE_LIMIT_CHANNEL = Rate(100, 3600), {}

    grants = Limits(shared).grants({"email": 60, "in_app": 60}, critical=False)
    critical = Limits(shared).grants({"email": 60}, critical=True)

    assert Counter({channel: grant.granted for channel, grant in grants.items()}) == {"email": 60, "in_app": 30}
    assert critical["email"].granted == 10
