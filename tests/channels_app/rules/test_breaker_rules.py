"""What counts against a provider, and how a batch is remembered."""

import pytest

from channels_app.rules.breaker import Circuit, Policy, mixed, tally, wait_ms
from channels_app.values import NOT_BEGUN, Refused, Retry, SendResult, Sent, Unknown

POLICY = Policy(threshold_percent=50, timeout_ms=30_000)


@pytest.mark.parametrize(
    ("result", "counted"),
    [
        pytest.param(Sent("id"), (1, 0), id="sent"),
        pytest.param(Unknown("connection_lost"), (0, 1), id="unknown"),
        pytest.param(Retry("timeout"), (0, 1), id="weather"),
        pytest.param(Retry("smtp_452", provider_fault=False), (0, 0), id="a full mailbox"),
        pytest.param(Retry(NOT_BEGUN, provider_fault=False), (0, 0), id="never called"),
        pytest.param(Retry(NOT_BEGUN), (0, 0), id="never called, whoever says whose fault"),
        pytest.param(Refused("smtp_550", reason="invalid_address"), (1, 0), id="a bad address is an answer"),
        pytest.param(Refused("bad_credentials", provider_fault=True), (0, 1), id="our account does not work"),
    ],
)
def test_only_failures_of_the_provider_count(result: SendResult, counted: tuple[int, int]) -> None:
    assert tally([result]) == counted


@pytest.mark.parametrize(
    ("successes", "failures", "expected"),
    [
        pytest.param(0, 0, "", id="nothing"),
        pytest.param(3, 0, "000", id="all good"),
        pytest.param(0, 2, "11", id="all bad"),
        pytest.param(2, 2, "0101", id="evenly"),
        pytest.param(4, 1, "00001", id="one of five"),
    ],
)
def test_a_batch_is_remembered_with_its_failures_spread(successes: int, failures: int, expected: str) -> None:
    assert mixed(successes, failures) == expected


def test_a_big_batch_is_remembered_by_its_share_of_failures() -> None:
    remembered = mixed(400, 100)

    assert (len(remembered), remembered.count("1")) == (100, 20)


@pytest.mark.parametrize(
    ("circuit", "expected"),
    [
        pytest.param(Circuit(), 0, id="closed"),
        pytest.param(Circuit("open", since_ms=90_000), 20_000, id="open"),
        pytest.param(Circuit("open", since_ms=10_000), 0, id="its time is over"),
        pytest.param(Circuit("open", since_ms=999_000), 30_000, id="opened by a clock ahead of ours"),
        pytest.param(Circuit("half_open", since_ms=100_000, probes=2), 0, id="probes left"),
        pytest.param(Circuit("half_open", since_ms=100_000), 1_000, id="probes are out"),
    ],
)
def test_how_long_to_wait_before_asking_again(circuit: Circuit, expected: int) -> None:
    assert wait_ms(circuit, now_ms=100_000, policy=POLICY) == expected
