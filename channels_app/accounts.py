"""Which provider accounts may carry a delivery, and the one instance of each that a process uses.

A tenant's own accounts come first, then the platform's, then those that the settings name. Whoever has accounts for a
kind of address decides with them alone, also by switching them off; whoever has none shares the next ones.
"""

import os
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from django.conf import settings

from channels_app.accounts_named import LIVE, TEST, mistakes, named_account_of_hook, tiers_named
from channels_app.accounts_stored import Owner, Stored, forget_accounts, stored_account_of_hook, stored_accounts
from channels_app.contract import Account, Provider
from channels_app.registry import channels, providers

__all__ = [
    "LIVE",
    "TEST",
    "Ways",
    "account_of_hook",
    "accounts_for",
    "close_all",
    "forget_accounts",
    "mistakes",
    "provider_for",
    "ways_of",
]


MOST_INSTANCES = 1000  # accounts that one process keeps connections for


class Ways:
    """The accounts of some tenants as they were at one moment, for a batch."""

    def __init__(self, stored: Mapping[Owner, Sequence[Stored]]) -> None:
        self._stored = stored
        self._found: dict[tuple[str, str, UUID | None, str], tuple[Account, ...]] = {}

    def to(self, channel: str, *, mode: str, tenant_id: UUID | None, kind: str = "") -> tuple[Account, ...]:
        """The accounts that may carry a tenant's deliveries to endpoints of `kind`, in no order that means anything.

        An empty `kind` is a channel without kinds, or any of them. No account at all means that the channel is off.
        Raises `WrongCredentials` for mistakes in the settings.
        """
        question = (channel, mode, tenant_id, kind)
        if question not in self._found:
            self._found[question] = self._look(channel, mode, tenant_id, kind)
        return self._found[question]

    def _look(self, channel: str, mode: str, tenant_id: UUID | None, kind: str) -> tuple[Account, ...]:
        if settings.CHANNEL_ENABLE_LIST and channel not in settings.CHANNEL_ENABLE_LIST:
            return ()
        for tier in self._tiers(channel, mode, tenant_id):
            if fit := [stored for stored in tier if _reaches(stored.account, kind)]:
                return tuple(stored.account for stored in fit if stored.enabled)
        return ()

    def _tiers(self, channel: str, mode: str, tenant_id: UUID | None) -> Iterator[Sequence[Stored]]:
        for owner in dict.fromkeys((tenant_id, None)):
            mine = self._stored.get(owner, ())
            yield [s for s in mine if s.account.channel == channel and s.account.mode == mode]
        for tier in tiers_named(channel, mode=mode):
            yield [Stored(account, enabled=True) for account in tier]


def ways_of(tenant_ids: Collection[UUID]) -> Ways:
    """The accounts of tenants and everybody's, as they are now to a second; one statement at most."""
    return Ways(stored_accounts(tenant_ids))


def accounts_for(channel: str, *, mode: str, tenant_id: UUID | None, kind: str = "") -> tuple[Account, ...]:
    """The same for one question. `tenant_id` `None`: as a tenant without accounts of its own."""
    return ways_of(() if tenant_id is None else (tenant_id,)).to(channel, mode=mode, tenant_id=tenant_id, kind=kind)


def account_of_hook(token: str) -> Account | None:
    """Whose hook URL ends in `token`; `None`: nobody's. Disabled accounts too: reports of what they sent still come."""
    return named_account_of_hook(token) or stored_account_of_hook(token)


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
        if known is None and len(_cache.instances) > MOST_INSTANCES:
            known = _cache.instances.pop(next(iter(_cache.instances)))  # made first; it is made anew when asked for
    if known is not None:
        known.close()
    return made


def close_all() -> None:
    """Let go of everything this process keeps open towards providers."""
    with _cache.lock:
        instances, _cache.instances = _cache.instances, {}
    for instance in instances.values():
        instance.close()


def _reaches(account: Account, kind: str) -> bool:
    kinds = providers.get(account.provider).kinds
    return not kind or not kinds or kind in kinds


class _Cache:
    """A child of `fork` begins with an empty one: it shares no connection, no thread and no lock with its parent."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.instances: dict[str, Provider] = {}


_cache = _Cache()
os.register_at_fork(after_in_child=_cache.forget)
