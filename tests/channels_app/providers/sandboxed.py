"""A provider at the sandbox, as test mode has it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.test import override_settings

from channels_app.contract import Provider
from channels_app.credentials import Sandbox
from channels_app.registry import providers
from channels_app.values import Account, Message, SendResult
from kernel.clock import monotonic
from tests.channels_app.sandbox.process import SandboxProcess

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@contextmanager
def provider_at(sandbox: SandboxProcess, key: str, /, *, hook_url: str = "", **changes: Any) -> Iterator[Provider]:
    """The provider with the credentials of the sandbox; `changes` go into them."""
    kind = providers.get(key)
    url = f"http://127.0.0.1:{sandbox.http_port}"
    config = kind.configure({**kind.sandbox_credentials(Sandbox(url, "")), **changes})
    provider = kind(Account(f"{key}:test", key, kind.channel, "test", config, hook_url), timeout_seconds=10)
    with override_settings(SANDBOX_URL=url, EGRESS_ALLOW=(*settings.EGRESS_ALLOW, url.removeprefix("http://"))):
        yield provider
    provider.close()


def send(provider: Provider, *messages: Message, seconds: float = 10.0) -> list[SendResult]:
    return provider.send(messages, deadline=monotonic() + seconds)
