"""A provider that reports: signed JSON to its hook, everything a hook can be told. Speaks through the real route."""

import hmac
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.test import Client
from msgspec import Struct, convert

from channels_app.accounts import account_of_hook
from channels_app.contract import Call, Capabilities, Message, Provider, SendResult, Sent
from channels_app.registry import providers
from channels_app.values import Account, Forged, Heard, HookRequest, Inbound, NotUnderstood, Receipt

KEY = "reporter"
SECRET = b"its own secret"
AT = "2026-11-20T12:00:00Z"


class _Receipt(Struct, kw_only=True):
    kind: str
    at: datetime
    delivery_id: UUID | None = None
    provider_message_id: str = ""
    code: str = ""
    permanent: bool = False
    event_id: str = ""
    raw: dict[str, Any] = {}


class _Inbound(Struct, kw_only=True):
    sender: str
    to: str
    text: str
    message_id: str
    at: datetime


class _Said(Struct, kw_only=True):
    receipts: list[_Receipt] = []
    inbound: list[_Inbound] = []
    once: list[str] = []
    visit: str = ""
    answer: str = ""
    answer_type: str = "text/plain"


class Reporter(Provider):
    """Signs the method, the URL it was given and the body."""

    key = KEY
    channel = "sms"
    title = "Reporter"
    needs_credentials = False
    capabilities = Capabilities(reports_delivery=True)

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        return Sent(f"m-{message.delivery_id}")

    def hear(self, request: HookRequest, *, at: datetime) -> Heard:
        given = request.headers.get("x-signature", "")
        if not hmac.compare_digest(given, signature(request.method, request.url, request.body)):
            raise Forged("the signature does not fit")
        if request.method == "GET":
            return Heard(answer="here I am")
        try:
            said = convert(json.loads(request.body), _Said)
        except ValueError as trouble:
            raise NotUnderstood("no JSON of theirs") from trouble
        return Heard(
            receipts=tuple(Receipt(**_fields(r)) for r in said.receipts),
            inbound=tuple(Inbound(**_fields(i)) for i in said.inbound),
            once=tuple(said.once),
            visit=said.visit,
            answer=said.answer,
            answer_type=said.answer_type,
        )


class OtherReporter(Reporter):
    """The same, under another name: its accounts are others."""

    key = "other_reporter"


def _fields(said: Struct) -> dict[str, Any]:
    return {name: getattr(said, name) for name in said.__struct_fields__}


def signature(method: str, url: str, body: bytes) -> str:
    return hmac.new(SECRET, f"{method}|{url}|".encode() + body, "sha256").hexdigest()


@contextmanager
def reporting() -> Iterator[None]:
    """While inside, the provider exists."""
    known = providers._by_key
    before = dict(known)
    for provider in (Reporter, OtherReporter):
        known[provider.key] = provider
    try:
        yield
    finally:
        known.clear()
        known.update(before)


def say(account: Account, *receipts: Mapping[str, Any], method: str = "POST", **said: Any) -> HttpResponse:
    """Call the hook of `account` with what the provider has to say."""
    told = {"receipts": [{"at": AT, **receipt} for receipt in receipts], **said}
    return call(account, json.dumps(told).encode() if method == "POST" else b"", method=method)


def call(account: Account, body: bytes, *, method: str = "POST", query: str = "", **headers: str) -> HttpResponse:
    """Call the hook of `account` with a good signature, unless `headers` bring another one."""
    url = account.hook_url + (f"?{query}" if query else "")
    path = "/hooks/" + url.partition("/hooks/")[2]
    signed = {"X-Signature": signature(method, url, body), **headers}
    return Client().generic(method, path, body, content_type="application/json", headers=signed)


def token_of(account: Account) -> str:
    token = account.hook_url.rpartition("/")[2]
    assert account_of_hook(token) == account
    return token
