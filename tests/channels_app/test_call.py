"""The promises of the base class, whatever a provider does."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from channels_app.contract import Account, Call, Capabilities, Message, Provider, SendResult
from channels_app.crew import Crew
from channels_app.values import NOT_BEGUN, Retry, Sent, Unknown
from kernel.clock import monotonic
from tests.channels_app.messages import make_message

ACCOUNT = Account("odd", "odd", "email", "live", {"password": "s3cret"})


class Odd(Provider):
    """A provider whose `send_one` is a function of the test's."""

    key, channel, title = "odd", "email", "Odd"

    def __init__(self, behave: Callable[[Message, Call], Any], *, timeout_seconds: float = 5.0) -> None:
        super().__init__(ACCOUNT, timeout_seconds=timeout_seconds)
        self._behave = behave

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        result: SendResult = self._behave(message, call)
        return result


class OddBatch(Odd):
    """The same with a call that takes many."""

    capabilities = Capabilities(max_batch=4, concurrency=2)

    def send_many(self, messages: Sequence[Message], *, call: Call) -> Sequence[SendResult]:
        results: Sequence[SendResult] = self._behave(messages, call)  # type: ignore[arg-type]
        return results


def send(provider: Provider, count: int = 1, *, seconds: float = 2.0) -> list[SendResult]:
    return provider.send([make_message() for _ in range(count)], deadline=monotonic() + seconds)


def fail_with(error: Exception, *, before_bytes: bool) -> Callable[[Message, Call], SendResult]:
    def behave(message: Message, call: Call) -> SendResult:
        if before_bytes:
            with call.before_bytes():
                raise error
        raise error

    return behave


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (TimeoutError(), "timeout"),
        (ConnectionResetError(), "connection_lost"),
        (OSError("no route"), "network_error"),
        (KeyError("nope"), "provider_broken"),
    ],
)
def test_a_surprise_is_unknown_unless_nothing_had_gone_out(error: Exception, code: str) -> None:
    after, before = Odd(fail_with(error, before_bytes=False)), Odd(fail_with(error, before_bytes=True))

    assert send(after) == [Unknown(code, type(error).__name__)]
    assert send(before) == [Retry(code, type(error).__name__)]


@pytest.mark.parametrize("answer", [None, "sent", 42, Sent])
def test_an_answer_that_is_none_is_a_broken_promise(answer: Any) -> None:
    (result,) = send(Odd(lambda *_: answer))

    assert isinstance(result, Unknown)
    assert result.code == "provider_broken"


def test_a_surprise_is_told_to_the_operator_without_its_words(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        send(Odd(fail_with(KeyError("ana@example.org s3cret"), before_bytes=False)))

    (line,) = caplog.records
    assert (line.msg, line.account) == ("provider.surprised", "odd")
    assert line.surprise.startswith("KeyError at test_call.py:")
    assert "ana@" not in str(line.__dict__)


def test_weather_is_not_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    send(Odd(fail_with(TimeoutError(), before_bytes=False)))

    assert caplog.records == []


def test_a_call_that_outlasts_its_deadline_is_given_up() -> None:
    def hang(message: Message, call: Call) -> SendResult:
        time.sleep(1)
        return Sent("late")

    begin = monotonic()
    (result,) = send(Odd(hang), seconds=0.2)

    assert result == Unknown("timeout", "the provider did not answer in time")
    assert monotonic() - begin < 0.6


def test_a_call_that_is_given_up_sends_nothing_afterwards() -> None:
    went_out, ended = [], threading.Event()

    def hang_before_writing(message: Message, call: Call) -> SendResult:
        try:
            with call.before_bytes():
                time.sleep(0.8)
            went_out.append(message)
        finally:
            ended.set()
        return Sent("late")

    (result,) = send(Odd(hang_before_writing), seconds=0.2)
    ended.wait(2)

    assert result == Retry("timeout", "the provider did not answer in time")
    assert went_out == []


def test_a_call_is_bounded_by_its_own_timeout_too() -> None:
    left: list[float] = []

    def look(message: Message, call: Call) -> SendResult:
        left.append(call.remaining())
        return Sent("x")

    send(Odd(look, timeout_seconds=0.5), seconds=60)

    assert 0.4 < left[0] <= 0.5


def test_calls_are_made_at_a_time_but_not_too_many() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def count(message: Message, call: Call) -> SendResult:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return Sent("x")

    provider = Odd(count)
    batches = [threading.Thread(target=send, args=(provider, 30)) for _ in range(3)]
    for batch in batches:
        batch.start()
    for batch in batches:
        batch.join()

    assert most == 8


def test_a_provider_of_one_call_at_a_time_works_in_the_callers_thread() -> None:
    class Alone(Odd):
        capabilities = Capabilities(concurrency=1)

    threads: set[str] = set()

    def look(message: Message, call: Call) -> SendResult:
        threads.add(threading.current_thread().name)
        return Sent("x")

    assert send(Alone(look), 5) == [Sent("x")] * 5
    assert threads == {threading.current_thread().name}


def test_messages_are_handed_over_in_batches_and_answered_in_order() -> None:
    sizes: list[int] = []

    def take(messages: Sequence[Message], call: Call) -> list[SendResult]:
        sizes.append(len(messages))
        return [Sent(str(message.delivery_id)) for message in messages]

    provider, messages = OddBatch(take), [make_message() for _ in range(10)]  # type: ignore[arg-type]
    results = provider.send(messages, deadline=monotonic() + 2)

    assert sorted(sizes) == [2, 4, 4]
    assert results == [Sent(str(message.delivery_id)) for message in messages]


def test_a_batch_that_fails_before_anything_went_out_is_tried_one_by_one() -> None:
    def take(messages: Sequence[Message], call: Call) -> list[SendResult]:
        call.nothing_went_out()
        if any(message.recipient == "bad" for message in messages):
            raise ValueError(messages)
        return [Sent("x")] * len(messages)

    messages = [make_message(recipient=name) for name in ("a", "bad", "b", "c")]
    results = OddBatch(take).send(messages, deadline=monotonic() + 2)  # type: ignore[arg-type]

    assert results == [Sent("x"), Retry("provider_broken", "ValueError"), Sent("x"), Sent("x")]


def test_a_batch_that_fails_after_that_is_unknown_as_a_whole() -> None:
    calls: list[int] = []

    def take(messages: Sequence[Message], call: Call) -> list[SendResult]:
        calls.append(len(messages))
        raise ConnectionResetError

    results = send(OddBatch(take), 3)  # type: ignore[arg-type]

    assert results == [Unknown("connection_lost", "ConnectionResetError")] * 3
    assert calls == [3]


def test_a_short_answer_to_a_batch_is_unknown_for_all() -> None:
    results = send(OddBatch(lambda *_: [Sent("x")]), 3)

    assert [(type(result), result.code) for result in results if isinstance(result, Unknown)] == [
        (Unknown, "provider_broken")
    ] * 3


def test_what_could_not_begin_says_so() -> None:
    release = threading.Event()

    def hang(message: Message, call: Call) -> SendResult:
        release.wait(2)
        return Sent("x")

    results = send(Odd(hang), 20, seconds=0.2)
    release.set()

    codes = [getattr(result, "code", "") for result in results]
    assert (codes[:8], codes[8:]) == (["timeout"] * 8, [NOT_BEGUN] * 12)


def test_secrets_are_not_shown() -> None:
    assert "s3cret" not in repr(ACCOUNT)
    assert "ana@example.org" not in repr(make_message(address="ana@example.org"))


def test_jobs_that_have_not_begun_in_time_never_do() -> None:
    begun: list[int] = []

    def job(number: int) -> None:
        begun.append(number)
        time.sleep(0.15)

    Crew(2, name="test").run([partial(job, number) for number in range(20)], until=monotonic() + 0.05)
    time.sleep(0.4)

    assert sorted(begun) == [0, 1]
