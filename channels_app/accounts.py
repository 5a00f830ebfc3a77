"""Which provider accounts a channel has, from the settings, and the one instance of each that a process uses."""

import os
import threading
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

from channels_app.contract import Account, Provider, WrongCredentials
from channels_app.credentials import Sandbox
from channels_app.registry import channels, providers, providers_of

LIVE, TEST = "live", "test"


def accounts_for(channel: str, *, mode: str, tenant_id: UUID | None) -> tuple[Account, ...]:  # noqa: ARG001
    """The accounts that may carry a channel's deliveries, best first; none means that the channel is off.

    `mode` test leads to the sandbox. The settings name accounts of the platform, which all tenants share: `tenant_id`
    decides nothing yet. Raises `WrongCredentials`.
    """
    if settings.CHANNEL_ENABLE_LIST and channel not in settings.CHANNEL_ENABLE_LIST:
        return ()
    found = (_account(provider, mode=mode) for provider in providers_of(channel))
    return tuple(account for account in found if account is not None)


def provider_for(account: Account) -> Provider:
    """The instance that sends for `account` in this process.

    Ask for it each time: it is made anew when the account has changed and in a forked child.
    """
    with _cache.lock:
        known = _cache.instances.get(account.key)
        if known is not None and known.account == account:
            return known
        timeout: float = getattr(settings.ORCHESTRATOR, channels.get(account.channel).timeout_setting)
        made = _cache.instances[account.key] = providers.get(account.provider)(account, timeout_seconds=timeout)
    if known is not None:
        known.close()
    return made


def close_all() -> None:
    """Let go of everything this process keeps open towards providers."""
    with _cache.lock:
        instances, _cache.instances = _cache.instances, {}
    for instance in instances.values():
        instance.close()


def mistakes() -> tuple[str, ...]:
    """What is wrong with the settings of channels and accounts, one sentence each; no secret is repeated."""
    lines = [
        f"CHANNEL_ENABLE_LIST names '{name}'; known: {', '.join(channels.keys())}"
        for name in settings.CHANNEL_ENABLE_LIST
        if name not in channels
    ]
    lines += [
        f"RATE_LIMIT_CHANNEL_{name.upper()} is for no channel; known: {', '.join(channels.keys())}"
        for name in settings.RATE_LIMIT_CHANNEL
        if name not in channels
    ]
    takers = [provider.key for provider in providers if provider.needs_credentials]
    for key in settings.PROVIDER_CREDENTIALS:
        if key not in takers:
            lines.append(f"PROVIDER_CREDENTIALS_{key.upper()} is for no provider; known: {', '.join(takers)}")
            continue
        try:
            _account(providers.get(key), mode=LIVE)
        except WrongCredentials as wrong:
            lines.append(f"PROVIDER_CREDENTIALS_{key.upper()}: {wrong}")
    return tuple(lines)


def _account(provider: type[Provider], *, mode: str) -> Account | None:
    config: Mapping[str, Any] = {}
    if provider.needs_credentials:
        credentials = _credentials(provider, mode=mode)
        if not credentials:
            return None
        config = provider.configure(credentials)
    key = provider.key if mode == LIVE else f"{provider.key}:{mode}"
    return Account(key=key, provider=provider.key, channel=provider.channel, mode=mode, config=config)


def _credentials(provider: type[Provider], *, mode: str) -> Mapping[str, Any]:
    if mode == LIVE:
        found: Mapping[str, Any] = settings.PROVIDER_CREDENTIALS.get(provider.key, {})
        return found
    if not settings.SANDBOX_URL:
        return {}
    return provider.sandbox_credentials(Sandbox(settings.SANDBOX_URL.rstrip("/"), settings.SANDBOX_SMTP_URL))


class _Cache:
    """A child of `fork` begins with an empty one: it shares no connection, no thread and no lock with its parent."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.instances: dict[str, Provider] = {}


_cache = _Cache()
os.register_at_fork(after_in_child=_cache.forget)
