"""What every channel and every provider must keep. A new one joins by existing; a provider brings its `worlds` file."""

import importlib
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest
from msgspec import inspect

from channels_app.contract import Channel, Provider
from channels_app.registry import channels, providers
from channels_app.values import NOT_BEGUN, RESULT_TYPES, Account, Refused, Retry, SendResult, Sent, Unknown
from config.orchestration import Orchestration
from kernel.clock import monotonic
from tests.channels_app.messages import CONTENTS, make_message
from tests.channels_app.worlds import Mood, World

APP = Path(__file__).parents[2] / "channels_app"
CHANNELS = {channel.key: channel for channel in channels}
PROVIDERS = {provider.key: provider for provider in providers}
ADDRESS_KINDS = {"email", "phone", "token", "subscription", "url", "inbox"}
SHORT_SECONDS, PATIENT_SECONDS = 0.6, 6.0  # deadlines of calls that nobody answers, and of those that are answered
UNANSWERED = (Mood.SILENT, Mood.DRIP, Mood.GARBAGE)  # nothing comes that would end the call
SECRETS = re.compile(r"s3cret-word|ana@example\.org")


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Channel:
    return CHANNELS[request.param]


def world_of(key: str) -> Any:
    """The `World` class of a provider, from the file named like it."""
    return importlib.import_module(f"tests.channels_app.worlds.{key}").World


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every provider, and every mood its world has."""
    if "mood" in metafunc.fixturenames:
        cases = [(PROVIDERS[key], mood) for key in PROVIDERS for mood in world_of(key).moods]
        ids = [f"{provider.key} {mood.name.lower()}" for provider, mood in cases]
        metafunc.parametrize(("provider_type", "mood"), cases, ids=ids)
    elif "provider_type" in metafunc.fixturenames:
        metafunc.parametrize("provider_type", PROVIDERS.values(), ids=PROVIDERS)


@pytest.fixture
def world(provider_type: type[Provider], request: pytest.FixtureRequest) -> World:
    return cast(World, world_of(provider_type.key)(request))


@pytest.fixture
def open_provider(provider_type: type[Provider]) -> Iterator[Any]:
    """Makes instances, closed afterwards."""
    made: list[Provider] = []

    def make(account: Account, *, timeout_seconds: float = PATIENT_SECONDS) -> Provider:
        made.append(provider_type(account, timeout_seconds=timeout_seconds))
        return made[-1]

    yield make
    for provider in made:
        provider.close()


# Channels


def test_there_are_seven_channels_at_least() -> None:
    assert {"email", "sms", "push", "web_push", "in_app", "webhook", "chat"} <= CHANNELS.keys()


def test_a_channel_is_the_file_it_is_named_after(channel: Channel) -> None:
    assert type(channel).__module__ == f"channels_app.channels.{channel.key}"
    assert (APP / "channels" / f"{channel.key}.py").exists()


def test_the_facts_of_a_channel_are_complete(channel: Channel) -> None:
    assert channel.title
    assert channel.address_kind in ADDRESS_KINDS
    assert channel.timeout_setting in {field.name for field in fields(Orchestration)}
    assert channel.needs_endpoint == (channel.address_kind != "inbox")
    assert channel.limit is None or (channel.limit.count > 0 and channel.limit.seconds > 0)
    assert type(channel).__doc__


def test_a_content_is_strict_frozen_and_described(channel: Channel) -> None:
    config = channel.content.__struct_config__

    assert config.frozen
    assert config.forbid_unknown_fields
    assert channel.content.__doc__
    assert msgspec.json.schema(channel.content)["$ref"]


def test_the_texts_of_a_content_say_how_they_are_filled_in(channel: Channel) -> None:
    info = inspect.type_info(channel.content)
    assert isinstance(info, inspect.StructType)
    treatments = {
        str((field.type.extra or {}).get("template", "text"))
        for field in info.fields
        if isinstance(field.type, inspect.Metadata)
    }

    assert treatments <= {"text", "line", "html", "none"}


def test_a_good_content_passes(channel: Channel) -> None:
    content = msgspec.convert(CONTENTS[channel.key], channel.content)

    assert (channel.validate(content), channel.validate_rendered(content)) == ((), ())


def test_a_content_survives_being_stored(channel: Channel) -> None:
    content = msgspec.convert(CONTENTS[channel.key], channel.content)

    assert msgspec.json.decode(msgspec.json.encode(content), type=channel.content) == content


def test_unknown_fields_are_refused(channel: Channel) -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert(CONTENTS[channel.key] | {"colour": "red"}, channel.content)


def test_no_required_text_may_be_empty(channel: Channel) -> None:
    info = inspect.type_info(channel.content)
    assert isinstance(info, inspect.StructType)

    for field in info.fields:
        if field.required and isinstance(field.type, inspect.Metadata):
            with pytest.raises(msgspec.ValidationError):
                msgspec.convert(CONTENTS[channel.key] | {field.name: ""}, channel.content)


def test_faults_point_into_the_content(channel: Channel) -> None:
    huge = {name: "x\ny" * 300_000 for name, value in CONTENTS[channel.key].items() if isinstance(value, str)}
    content = channel.content(**CONTENTS[channel.key] | (huge or {"body": "x" * 300_000}))

    faults = channel.validate_rendered(content)

    assert faults or channel.key == "in_app"
    assert all(fault.pointer == "" or fault.pointer.startswith("/") for fault in faults)
    assert all(re.fullmatch(r"[a-z_]+", fault.code) and fault.message for fault in faults)


# Providers


def test_a_provider_is_the_file_it_is_named_after(provider_type: type[Provider]) -> None:
    assert provider_type.__module__ == f"channels_app.providers.{provider_type.key}"


def test_the_facts_of_a_provider_are_complete(provider_type: type[Provider]) -> None:
    can = provider_type.capabilities

    assert provider_type.title
    assert provider_type.__doc__
    assert provider_type.channel in channels
    assert (can.max_batch >= 1, can.concurrency >= 1) == (True, True)
    assert can.idempotency in ("key", "lookup", "none")
    assert (APP.parent / "tests/channels_app/worlds" / f"{provider_type.key}.py").exists()


def send(provider: Provider, *messages: Any, seconds: float = 5 * PATIENT_SECONDS) -> list[SendResult]:
    return provider.send(messages, deadline=monotonic() + seconds)


def test_there_is_one_result_per_message_in_their_order(world: World, open_provider: Any) -> None:
    messages = [world.message() for _ in range(25)]

    with world.enter(Mood.KIND) as account:
        results = send(open_provider(account), *messages)

    assert [type(result) for result in results] == [Sent] * 25
    assert sorted(world.taken()) == sorted(str(message.delivery_id) for message in messages)
    for message, result in zip(messages, results, strict=True):
        assert str(message.delivery_id) in cast(Sent, result).message_id


def test_the_same_delivery_is_the_same_message(world: World, open_provider: Any) -> None:
    message = world.message()

    with world.enter(Mood.KIND) as account:
        provider = open_provider(account)
        first, second = send(provider, message), send(provider, message)

    assert [cast(Sent, result).message_id for result in first] == [cast(Sent, result).message_id for result in second]


def test_nothing_to_send_is_nothing_sent(world: World, open_provider: Any) -> None:
    with world.enter(Mood.KIND) as account:
        assert send(open_provider(account)) == []


def test_every_mood_of_the_world_is_a_result(world: World, mood: Mood, open_provider: Any) -> None:
    expected: dict[Mood, tuple[type, ...]] = {
        Mood.KIND: (Sent,),
        Mood.GARBAGE: (Retry, Refused, Unknown),
        Mood.SILENT: (Retry, Unknown),
        Mood.LOST: (Unknown,),
        Mood.BUSY: (Retry,),
        Mood.GONE: (Retry,),
        Mood.DRIP: (Unknown,),
    }

    with world.enter(mood) as account:
        begin = monotonic()
        patience = SHORT_SECONDS if mood in UNANSWERED else PATIENT_SECONDS
        provider = open_provider(account, timeout_seconds=patience)
        results = send(provider, *[world.message() for _ in range(3)], seconds=5 * patience)
        took = monotonic() - begin

    assert [isinstance(result, expected[mood]) for result in results] == [True] * 3
    assert took < 3 * PATIENT_SECONDS  # a deadline was kept; a busy machine may take its time
    if mood is Mood.BUSY:
        assert [result.after for result in results if isinstance(result, Retry)] == [timedelta(seconds=42)] * 3


def test_no_secret_and_no_address_is_ever_told(
    world: World, mood: Mood, open_provider: Any, caplog: pytest.LogCaptureFixture
) -> None:
    message = world.message(**({"address": "ana@example.org"} if world.message().address else {}))

    with world.enter(mood) as account:
        patience = SHORT_SECONDS if mood in UNANSWERED else PATIENT_SECONDS
        results = send(open_provider(account, timeout_seconds=patience), message, seconds=patience)

    assert not SECRETS.search(repr(results) + repr(account) + repr(message) + caplog.text)
    assert all(re.fullmatch(r"[a-z0-9_]*", getattr(result, "code", "")) for result in results)


def test_after_the_deadline_nothing_is_begun(world: World, open_provider: Any) -> None:
    with world.enter(Mood.KIND) as account:
        results = send(open_provider(account), world.message(), world.message(), seconds=-1)

    assert [(type(result), result.code) for result in results if isinstance(result, Retry)] == [(Retry, NOT_BEGUN)] * 2
    assert world.taken() == []


def test_one_message_that_cannot_be_does_not_stop_its_batch(world: World, open_provider: Any) -> None:
    channel = "sms" if world.message().content.__class__.__name__ != "SmsContent" else "chat"
    good, bad = [world.message() for _ in range(4)], make_message(channel)

    with world.enter(Mood.KIND) as account:
        results = send(open_provider(account), *good[:2], bad, *good[2:])

    assert [type(result) for result in results[:2] + results[3:]] == [Sent] * 4
    assert isinstance(results[2], RESULT_TYPES)
    assert not isinstance(results[2], Sent)
