"""Push to Android, iOS and browsers through Firebase Cloud Messaging (HTTP v1), with pyfcm."""

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast

import msgspec
from google.auth.exceptions import GoogleAuthError
from google.oauth2 import service_account

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
from channels_app.push.google import Library, TokenRefused, Tokens
from channels_app.registry import providers
from channels_app.rules import push_payloads
from channels_app.rules.api_replies import Reply, Words, judge, readable, retry_after
from channels_app.rules.push_content import PushContent
from channels_app.sandbox import push_identities
from channels_app.wire.client import Client
from channels_app.wire.line import Answer
from channels_app.wire.replies import reply_of
from channels_app.wire.requests_session import CallSession
from kernel import structs
from kernel.clock import now
from kernel.ids import moment_of

HOME = "https://fcm.googleapis.com/v1/projects"

# firebase.google.com/docs/reference/fcm/rest/v1/ErrorCode, 2026-11
UNREGISTERED = "UNREGISTERED"
WORDS = Words(
    bad_address=frozenset({UNREGISTERED, "BAD_TOKEN", "SENDER_ID_MISMATCH"}),
    not_ours=frozenset({"THIRD_PARTY_AUTH_ERROR"}),
)
GONE = frozenset({UNREGISTERED, "BAD_TOKEN"})


class Credentials(Form, frozen=True):
    """A service account of a Firebase project: the JSON file its console gives out."""

    service_account: Secret  # the whole file
    project_id: str = ""  # "" = the service account's own
    base_url: Plain = HOME
    token_uri: str = ""  # "" = the one the file names


class _Detail(msgspec.Struct):
    errorCode: str = ""  # noqa: N815 - Google's name
    fieldViolations: list[dict[str, str]] = []  # noqa: N815


class _Error(msgspec.Struct):
    status: str = ""
    message: str = ""
    details: list[_Detail] = []


class _Failure(msgspec.Struct):
    error: _Error


class _Success(msgspec.Struct):
    name: str


@providers.register
class Fcm(Provider):
    """Takes one token per call and knows no idempotency: two messages with one collapse key are shown as one."""

    key = "fcm"
    channel = "push"
    title = "Firebase Cloud Messaging"
    kinds = ("fcm",)
    capabilities = Capabilities(idempotency="none", concurrency=16)
    credentials = Credentials

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        self._client = Client()
        info = json.loads(account.config["service_account"])
        self._project = account.config["project_id"] or info["project_id"]
        self._tokens = Tokens(info | {"token_uri": account.config["token_uri"] or info["token_uri"]}, self._client)

    @classmethod
    def configure(cls, credentials: Mapping[str, Any]) -> Mapping[str, Any]:
        """Check that the file is one. It may also be given as the object it holds."""
        file = credentials.get("service_account")
        given = {**credentials, "service_account": json.dumps(file)} if isinstance(file, Mapping) else credentials
        config = super().configure(given)
        try:
            _check(config["service_account"])
        except (ValueError, KeyError, TypeError, AttributeError, GoogleAuthError):
            wanted = "service_account is not the JSON file of a Google service account; download it in the console"
            raise WrongCredentials(wanted) from None
        return config

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The service account the sandbox knows."""
        return {
            "service_account": push_identities.fcm_service_account(f"{sandbox.url}/fcm/token"),
            "base_url": f"{sandbox.url}/fcm/v1/projects",
        }

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Send to one device."""
        call.nothing_went_out()
        at = message.written_at or moment_of(message.delivery_id)
        content = cast(PushContent, message.content)
        arguments = push_payloads.fcm(content, delivery_id=message.delivery_id, at=at)
        try:
            token = self._tokens.current(call)
        except TokenRefused as refused:
            return _judged_exchange(refused)
        except GoogleAuthError as trouble:
            return Retry("no_token", type(trouble).__name__)
        session = CallSession(self._client, call)
        library = Library(session, base_url=self.account.config["base_url"], project=self._project, token=token)
        response = library.notify(fcm_token=message.address, **arguments)
        if response.status_code == 200:
            return _sent(response.content)
        if response.status_code == 401:
            self._tokens.forget(token)
        assert session.answer is not None
        return _judged(self._reply(session.answer))

    def close(self) -> None:
        """End the idle connections."""
        self._client.close()

    def _reply(self, answer: Answer) -> Reply:
        try:
            error = structs.decode(answer.body, _Failure).error
        except msgspec.MsgspecError:
            error = _Error()
        code = next((detail.errorCode for detail in error.details if detail.errorCode), error.status)
        if code == "INVALID_ARGUMENT" and _blames_the_token(error):
            code = "BAD_TOKEN"
        return reply_of(answer, account=self.account, code=code, text=error.message)


@lru_cache(maxsize=256)
def _check(file: str) -> None:
    """Raise what there is to raise. An RSA key takes 30 ms to read, and accounts are looked up for every batch."""
    info = json.loads(file)
    service_account.Credentials.from_service_account_info(info)  # type: ignore[no-untyped-call]
    str(info["project_id"])


def _sent(body: bytes) -> SendResult:
    try:
        return Sent(structs.decode(body, _Success).name)
    except msgspec.MsgspecError:
        return Unknown("bad_answer", "the answer names no message")


def _blames_the_token(error: _Error) -> bool:
    fields = {violation.get("field", "") for detail in error.details for violation in detail.fieldViolations}
    return "message.token" in fields or "registration token" in error.message


def _judged(reply: Reply) -> SendResult:
    result = judge(reply, WORDS)
    if not isinstance(result, Refused):
        return result
    if reply.code in GONE:
        return replace(result, address_gone=True)
    return replace(result, reason="render_error") if reply.code == "INVALID_ARGUMENT" else result


def _judged_exchange(refused: TokenRefused) -> SendResult:
    """What a token that was not given means: the account is wrong, or Google is not well."""
    reply = Reply(refused.status, refused.text, "no access token", retry_after(refused.after, at=now()))
    if refused.status in (400, 401, 403):
        return Refused("bad_credentials", readable(reply), provider_fault=True)
    return Retry("no_token", readable(reply), after=reply.after)
