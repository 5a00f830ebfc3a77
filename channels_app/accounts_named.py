"""The provider accounts that the settings name: `PROVIDER_CREDENTIALS_*`, and those of the provider sandbox."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from django.conf import settings

from channels_app.contract import Account, Provider
from channels_app.credentials import Sandbox
from channels_app.registry import channels, providers, providers_of
from channels_app.values import Terms, WrongCredentials

LIVE, TEST = "live", "test"
SANDBOX = "sandbox"  # the end of the key of a sandbox account that carries live deliveries

_HOOK = b"carillon.hook|"
NO_TERMS = Terms()


def tiers_named(channel: str, *, mode: str) -> tuple[tuple[Account, ...], ...]:
    """The accounts of the settings for a channel, in tiers: a later one is for what no earlier one reaches.

    Mode test leads to the sandbox; with `SANDBOX_LIVE` so does live in the end. Raises `WrongCredentials`.
    """
    named = tuple(_named(providers_of(channel), mode=mode))
    if mode == TEST or not settings.SANDBOX_LIVE:
        return (named,)
    return named, tuple(_in_sandbox(providers_of(channel), mode=LIVE, suffix=SANDBOX))


def named_account_of_hook(token: str) -> Account | None:
    """The account of the settings whose hook URL ends in `token`, also one made under a former `SECRET_KEY`."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    for account in _every_named():
        if any(hmac.compare_digest(_token(account.key, secret).encode(), token.encode()) for secret in secrets):
            return account
    return None


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
            list(_named([providers.get(key)], mode=LIVE))
        except WrongCredentials as wrong:
            lines.append(f"PROVIDER_CREDENTIALS_{key.upper()}: {wrong}")
    return tuple(lines)


def hook_url(token: str) -> str:
    """Where a provider reports to."""
    return f"{settings.PUBLIC_URL}/hooks/{token}"


def _every_named() -> Iterator[Account]:
    for channel in channels:
        every = providers_of(channel.key)
        try:
            yield from _named(every, mode=LIVE)
        except WrongCredentials:
            continue  # the check at start tells of it; the others' reports are still heard
        yield from _in_sandbox(every, mode=TEST, suffix=TEST)
        yield from _in_sandbox(every, mode=LIVE, suffix=SANDBOX)


def _named(every: Iterable[type[Provider]], *, mode: str) -> Iterator[Account]:
    if mode == TEST:
        yield from _in_sandbox(every, mode=TEST, suffix=TEST)
        return
    for provider in every:
        written: Mapping[str, Any] = settings.PROVIDER_CREDENTIALS.get(provider.key, {})
        if written or not provider.needs_credentials:
            yield _account(provider, provider.key, written, mode=mode)


def _in_sandbox(every: Iterable[type[Provider]], *, mode: str, suffix: str) -> Iterator[Account]:
    sandbox = Sandbox(settings.SANDBOX_URL.rstrip("/"), settings.SANDBOX_SMTP_URL) if settings.SANDBOX_URL else None
    for provider in every:
        written = provider.sandbox_credentials(sandbox) if sandbox and provider.needs_credentials else {}
        if written or not provider.needs_credentials:
            terms = Terms(priority=provider.sandbox_priority)
            yield _account(provider, f"{provider.key}:{suffix}", written, mode=mode, terms=terms)


def _account(
    provider: type[Provider], key: str, written: Mapping[str, Any], *, mode: str, terms: Terms = NO_TERMS
) -> Account:
    return Account(
        key=key,
        provider=provider.key,
        channel=provider.channel,
        mode=mode,
        config=provider.configure(written) if provider.needs_credentials else {},
        hook_url=hook_url(_token(key, settings.SECRET_KEY)),
        terms=terms,
    )


def _token(key: str, secret: str) -> str:
    return urlsafe_b64encode(hmac.digest(secret.encode(), _HOOK + key.encode(), "sha256")).decode().rstrip("=")
