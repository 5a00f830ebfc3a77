"""Send one real message through an account, for whoever sets it up: outside of the pipeline, within every limit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from audience.rules.endpoints import GoodEndpoint
from channels_app.accounts import provider_for
from channels_app.breaker import breaker
from channels_app.contract import Account, Channel, ContentFault, Message, SendResult
from channels_app.health import health
from channels_app.limits import Held, Wanted, limits
from channels_app.registry import channels
from kernel import structs
from kernel.clock import monotonic, now
from kernel.ids import uuid7

LINE, TEXT = "Test message", "This is a test message from Carillon. The provider account works."
# What is said where: by the names that contents give their texts.
_WORDS: Mapping[str, Any] = {"subject": LINE, "title": LINE, "text": TEXT, "body": TEXT}


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of it, and how long the call took."""

    result: SendResult
    seconds: float


def test_content(channel: Channel, given: Mapping[str, Any] | None) -> msgspec.Struct | tuple[ContentFault, ...]:
    """The content of a test message: the given one, or words that fit the channel; or what is wrong with it."""
    names = {field.encode_name for field in msgspec.structs.fields(channel.content)}
    written = {name: word for name, word in _WORDS.items() if name in names} if given is None else given
    try:
        content = structs.convert(written, channel.content)
    except msgspec.ValidationError as wrong:
        return (ContentFault("", "invalid", str(wrong)),)
    return channel.validate_rendered(content) or content


def send_test(
    account: Account,
    *,
    tenant_id: UUID,
    recipient: tuple[UUID, str],
    endpoint: GoodEndpoint | None,
    kind: str,
    content: msgspec.Struct,
) -> Tested | Held:
    """Send it now. `recipient`: who gets it, by our id and the tenant's. No transaction may be open.

    The account's own limits hold, and its breaker and health hear how it went.
    """
    channel = channels.get(account.channel)
    (held,) = limits.admit([Wanted(channel.key, tenant_id, account.mode, account, recipient_id=None, critical=True)])
    if held is not None:
        return held
    id = uuid7()
    message = Message(
        delivery_id=id,
        tenant_id=tenant_id,
        notification_id=id,
        recipient_id=recipient[0],
        recipient=recipient[1],
        address=endpoint.place[1] if endpoint else "",
        content=content,
        idempotency_key=str(id),
        kind=kind,
        endpoint_extra=endpoint.facts.extra if endpoint else {},
        mode=account.mode,
        metadata={"test": True},
    )
    provider = provider_for(account)
    began = monotonic()
    results = provider.send([message], deadline=began + provider.timeout_seconds)
    seconds = monotonic() - began
    breaker.record_results(account.key, results, at=now())
    health.record(account, results, seconds=seconds, at=now())
    return Tested(results[0], seconds)
