"""What the tests of roads share: the state that processes share, through a real Valkey and without one."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis
from pytest_django import Settings

from channels_app.shared_state import SharedState


@pytest.fixture
def valkey(servers: dict[str, str], settings: Settings) -> Iterator[redis.Redis]:
    """A client of an emptied Valkey that the settings name."""
    settings.REDIS_URL = servers["redis_url"]
    client = redis.Redis.from_url(servers["redis_url"], decode_responses=True)
    client.flushdb()
    yield client
    client.close()


@pytest.fixture
def shared(valkey: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> SharedState:
    """What processes share, with nothing in it. A busy machine must not make it look as if it were out."""
    monkeypatch.setattr("channels_app.shared_state.TIMEOUT_SECONDS", 10.0)
    return SharedState()


@pytest.fixture
def alone(settings: Settings) -> SharedState:
    """The same with Redis out: nobody listens there."""
    settings.REDIS_URL = f"unix:///tmp/nobody-{uuid4()}.sock"
    return SharedState()
