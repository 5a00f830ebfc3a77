"""Which channels have addresses, and how each reads its own. A channel of a third party adds itself with `register`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET

from audience.rules.readers import (
    BadAddress,
    read_email,
    read_phone,
    read_secret,
    read_subscription,
    read_token,
    read_url,
)
from audience.rules.text import steering_character
from audience.values import EndpointFacts, EndpointInput, Fault, Place
from kernel.registry import Registry

Read = Callable[[str | Mapping[str, Any], frozenset[str]], tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class AddressKind:
    """How a channel is addressed. `read` takes what was given and the hosts that plain http may reach; it returns the
    address in normal form and what is to be kept beside it. `kinds` are the services it distinguishes, if any."""

    key: str  # the channel
    read: Read
    kinds: tuple[str, ...] = ()
    takes_secret: bool = False


address_kinds: Registry[AddressKind] = Registry("channel with addresses")
register = address_kinds.register


@dataclass(frozen=True, slots=True)
class GoodEndpoint:
    """An endpoint in normal form."""

    place: Place
    facts: EndpointFacts


def read_endpoint(
    given: EndpointInput, *, pointer: str, plain_http: frozenset[str]
) -> GoodEndpoint | tuple[Fault, ...]:
    """One endpoint of a body in normal form, or everything that is wrong with it."""
    if given.channel == "in_app":
        return (Fault(f"{pointer}/channel", "endpoint_not_needed", "everybody has an in-app inbox; leave it out"),)
    if given.channel not in address_kinds:
        known = ", ".join(address_kinds.keys())
        return (Fault(f"{pointer}/channel", "unknown_channel", f"no channel '{given.channel}'; known: {known}"),)
    rule = address_kinds.get(given.channel)
    faults: list[Fault] = []
    address = ""
    extra: dict[str, Any] = {}
    try:
        _check_kind(given, rule)
    except BadAddress as bad:
        faults.append(Fault(f"{pointer}/kind", bad.code, bad.message))
    try:
        address, extra = rule.read(given.address, plain_http)
    except BadAddress as bad:
        faults.append(Fault(f"{pointer}/address{bad.at}", bad.code, bad.message))
    try:
        extra = {**extra, **_secret(given, rule)}
    except BadAddress as bad:
        faults.append(Fault(f"{pointer}/secret", bad.code, bad.message))
    if character := steering_character(given.label):
        faults.append(
            Fault(f"{pointer}/label", "invalid_text", f"contains {character}; write one line of visible text")
        )
    if faults:
        return tuple(faults)
    return GoodEndpoint((given.channel, address), EndpointFacts(kind=given.kind, label=given.label, extra=extra))


def _check_kind(given: EndpointInput, rule: AddressKind) -> None:
    if given.kind in rule.kinds or not (rule.kinds or given.kind):
        return
    found = f"no kind '{given.kind}' of {rule.key}" if given.kind else f"{rule.key} needs a kind"
    would_do = f"one of {', '.join(rule.kinds)}" if rule.kinds else "leave it out"
    raise BadAddress("unknown_kind", f"{found}; {would_do}")


def _secret(given: EndpointInput, rule: AddressKind) -> dict[str, Any]:
    """What to keep of the secret: nothing when unspoken, so that merging leaves the old one; `None` takes it away."""
    if given.secret is UNSET:
        return {}
    if not rule.takes_secret:
        raise BadAddress("unexpected_secret", f"{rule.key} signs nothing; leave it out")
    return {"secret": None if given.secret is None else read_secret(given.secret)}


def _text(read: Callable[[str], str], *, code: str) -> Read:
    def read_text(given: str | Mapping[str, Any], plain_http: frozenset[str]) -> tuple[str, dict[str, Any]]:  # noqa: ARG001
        if not isinstance(given, str):
            raise BadAddress(code, "is an object; write the address as text")
        return read(given), {}

    return read_text


def _url(given: str | Mapping[str, Any], plain_http: frozenset[str]) -> tuple[str, dict[str, Any]]:
    if not isinstance(given, str):
        raise BadAddress("invalid_url", "is an object; write the URL as text")
    return read_url(given, plain_http=plain_http), {}


def _subscription(given: str | Mapping[str, Any], plain_http: frozenset[str]) -> tuple[str, dict[str, Any]]:
    return read_subscription(given, plain_http=plain_http)


register(AddressKind("email", _text(read_email, code="invalid_email")))
register(AddressKind("sms", _text(read_phone, code="invalid_phone")))
register(AddressKind("push", _text(read_token, code="invalid_token"), kinds=("fcm", "apns", "onesignal")))
register(AddressKind("web_push", _subscription))
register(AddressKind("webhook", _url, takes_secret=True))
register(AddressKind("chat", _url, kinds=("slack", "teams", "discord")))
