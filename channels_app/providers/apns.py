"""Push to Apple's devices through APNs itself, over HTTP/2, with aioapns."""

import ssl
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast
from urllib.parse import urlsplit

import msgspec
from aioapns.common import NotificationRequest, NotificationResult, PushType
from aioapns.exceptions import ConnectionClosed
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings

from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Message,
    Provider,
    Refused,
    Retry,
    SendResult,
    Sent,
    Unknown,
    WrongCredentials,
)
from channels_app.credentials import Form, Plain, Sandbox, Secret
from channels_app.push.apple import Lines, LoopThread, Server, Signer
from channels_app.registry import providers
from channels_app.rules import push_payloads
from channels_app.rules.api_replies import Reply, Words, judge, retry_after
from channels_app.rules.push_content import PushContent
from channels_app.sandbox import push_identities
from channels_app.wire.client import Client
from kernel import structs
from kernel.clock import now
from kernel.safe_http_target import Blocked, places_of, read_target

HOME = "https://api.push.apple.com"

# developer.apple.com "Handling notification responses from APNs", 2026-11. BadDeviceToken is also what a token of the
# development environment gets in production: a mistake in the account must not put everybody's address out of use.
GONE = frozenset({"Unregistered", "ExpiredToken"})
WORDS = Words(
    bad_address=GONE | {"BadDeviceToken", "DeviceTokenNotForTopic", "MissingDeviceToken"},
    busy=frozenset({"ExpiredProviderToken", "IdleTimeout", "Shutdown"}),
    ours=frozenset({"TopicDisallowed", "BadTopic", "MissingTopic", "BadCertificate", "BadCertificateEnvironment"}),
)
OF_ONE_DEVICE = "TooManyRequests"  # "to the same device token"
UNREADABLE = frozenset({"PayloadTooLarge", "PayloadEmpty", "BadCollapseId"})


class Credentials(Form, frozen=True):
    """A key of an Apple developer team, and the app it sends to."""

    key: Secret  # the .p8 file
    key_id: Plain
    team_id: Plain
    topic: Plain  # the app's bundle id
    server: Plain = HOME  # https://api.development.push.apple.com for apps under development
    authority: str = ""  # PEM of the authority that signs the server's certificate; "" = the system's
    server_name: str = ""  # whom the certificate names; "" = the host of `server`
    directory_url: str = ""  # where the address of a server that moves is asked for: the sandbox


class _Health(msgspec.Struct):
    addresses: dict[str, str]


@providers.register
class Apns(Provider):
    """Takes one device per request, many at a time over one connection. `apns-id` only names a message."""

    key = "apns"
    channel = "push"
    title = "Apple Push Notification service"
    kinds = ("apns",)
    capabilities = Capabilities(idempotency="none", concurrency=32)
    credentials = Credentials

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        config = account.config
        self._signer = Signer(config)
        self._lines = Lines(config["topic"], self._signer)
        self._loop = LoopThread(f"apns {account.key}")
        self._client = Client()
        self._server: Server | None = None
        self._tls: ssl.SSLContext | None = None

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check that the key is one and that the server is a URL."""
        config = super().configure(credentials)
        try:
            _check_key(config["key"])
        except (ValueError, TypeError):
            raise WrongCredentials("key is not the .p8 file that Apple gave out") from None
        server = urlsplit(config["server"])
        if server.scheme != "https" or not server.hostname:
            raise WrongCredentials(f"server is not an https URL like {HOME}")
        return config

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The key the sandbox knows; its server has another port each time it starts."""
        return {
            "key": push_identities.apns_key(),
            "key_id": push_identities.APNS_KEY_ID,
            "team_id": push_identities.APNS_TEAM_ID,
            "topic": push_identities.APNS_TOPIC,
            "authority": push_identities.authority(),
            "server_name": push_identities.SERVER_NAME,
            "directory_url": f"{sandbox.url}/sandbox/healthz",
        }

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Send to one device."""
        call.nothing_went_out()
        try:
            server = self._where(call)
        except Blocked as blocked:
            return Refused(blocked.code, blocked.message, provider_fault=True)
        content = cast(PushContent, message.content)
        request = NotificationRequest(
            message.address,
            push_payloads.apns(content, delivery_id=message.delivery_id),
            str(message.delivery_id),
            time_to_live=content.ttl_seconds,
            priority=10,
            collapse_key=content.collapse_key or None,
            push_type=PushType.ALERT,
        )
        seconds = call.remaining()
        try:
            result, after = self._loop.run(self._lines.send(request, server=server, call=call), seconds=seconds)
        except ConnectionClosed:
            lost = "the connection ended without an answer"
            return Unknown("connection_lost", lost) if call.may_have_sent else Retry("connection_lost", lost)
        except ssl.SSLError as trouble:
            return Retry("tls_failed", trouble.reason or type(trouble).__name__)
        return self._judged(result, after=after)

    def close(self) -> None:
        """End the connections and the thread of their loop."""
        self._loop.close(last=self._lines.close)
        self._client.close()

    def _where(self, call: Call) -> Server:
        """The server, found anew whenever no connection to it stands. Raises Blocked or OSError."""
        if self._server is None or self._lines.usable is None:
            config = self.account.config
            self._server = self._server_at(self._told(call) if config["directory_url"] else config["server"], call)
        return self._server

    def _told(self, call: Call) -> str:
        """The address the directory names. Raises OSError."""
        asking = Call((), deadline=call.deadline, timeout_seconds=call.remaining())
        asking.begin()
        answer = self._client.exchange(asking, method="GET", url=self.account.config["directory_url"], headers={})
        try:
            return f"https://{structs.decode(answer.body, _Health).addresses['apns']}"
        except (msgspec.MsgspecError, KeyError):
            raise OSError("the directory names no APNs server") from None

    def _server_at(self, url: str, call: Call) -> Server:
        """Where to dial. Of a tenant's account it is judged and pinned like every address of a stranger."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        name = self.account.config["server_name"] or host
        if self.account.tenant_id is not None:
            target = read_target(url, allow=frozenset(settings.EGRESS_ALLOW))
            host = str(places_of(target, deadline=call.deadline)[0].address[0])
        if self._tls is None:
            self._tls = ssl.create_default_context(cadata=self.account.config["authority"] or None)
            self._tls.set_alpn_protocols(["h2"])
        return Server(host, port, name=name, tls=self._tls)

    def _judged(self, result: NotificationResult, *, after: str) -> SendResult:
        if result.is_successful:
            return Sent(result.notification_id)
        reason = result.description or ""
        if reason == "ExpiredProviderToken":
            self._signer.renew()
        status = int(result.status) if result.status.isdigit() else 0
        outcome = judge(Reply(status, reason, reason, retry_after(after, at=now())), WORDS)
        if isinstance(outcome, Retry) and reason == OF_ONE_DEVICE:
            return replace(outcome, provider_fault=False)
        if not isinstance(outcome, Refused):
            return outcome
        if reason in GONE:
            return replace(outcome, address_gone=True)
        return replace(outcome, reason="render_error") if reason in UNREADABLE else outcome


@lru_cache(maxsize=256)
def _check_key(text: str) -> None:
    """Raise ValueError or TypeError unless it is one. Accounts are looked up for every batch, so it is asked once."""
    key = serialization.load_pem_private_key(text.encode(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError("not an elliptic key")
