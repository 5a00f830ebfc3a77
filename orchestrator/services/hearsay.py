"""What is ever heard of the messages of a channel: by receipts of its providers, and by our own tracking."""

from collections.abc import Collection, Iterator

from channels_app.contract import Account, Channel
from channels_app.registry import providers
from notifications.rules.policy import TypePolicy
from orchestrator.rules.success import Level, most_told


def told_on(channel: Channel, accounts: Collection[Account], policy: TypePolicy) -> Level:
    """The most that any account of the channel, or the tracking that the type asks for, tells of a message."""
    return most_told([*_reported(accounts), *_tracked(channel, policy)])


def _reported(accounts: Collection[Account]) -> Iterator[Level]:
    for provider in {account.provider for account in accounts} & set(providers.keys()):
        can = providers.get(provider).capabilities
        yield can.reports_engagement or ("delivered" if can.reports_delivery else "sent")


def _tracked(channel: Channel, policy: TypePolicy) -> Iterator[Level]:
    tracking = policy.tracking
    if channel.address_kind == "email" and tracking.opens:
        yield "read"
    if tracking.clicks and (channel.address_kind == "email" or (channel.address_kind == "phone" and tracking.shorten)):
        yield "clicked"
