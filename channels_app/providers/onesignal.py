"""Push through OneSignal: documentation.onesignal.com/reference/push-notification, 2026-11."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import msgspec

from channels_app.contract import (
    Account,
    Call,
    Capabilities,
    Message,
    Provider,
    Refused,
    SendResult,
    Sent,
    Unknown,
)
from channels_app.credentials import Form, Plain, Sandbox, Secret
from channels_app.registry import providers
from channels_app.rules import push_payloads
from channels_app.rules.api_replies import Words, judge
from channels_app.rules.push_content import PushContent
from channels_app.sandbox import push_identities
from channels_app.wire.client import Client
from channels_app.wire.line import Answer
from channels_app.wire.replies import reply_of
from kernel import structs

HOME = "https://api.onesignal.com"

NOT_SUBSCRIBED = "not_subscribed"
WORDS = Words(bad_address=frozenset({NOT_SUBSCRIBED}))


class Credentials(Form, frozen=True):
    """An app of OneSignal."""

    app_id: Plain
    api_key: Secret  # an App API Key
    base_url: Plain = HOME


class _Answer(msgspec.Struct):
    id: str = ""
    errors: Any = None  # a list of sentences, or {"invalid_player_ids": [...]} and the like


@providers.register
class OneSignal(Provider):
    """Recognises a repeated message by its key for 30 days:
    documentation.onesignal.com/reference/idempotent-notification-requests, 2026-11.
    """

    key = "onesignal"
    channel = "push"
    title = "OneSignal"
    kinds = ("onesignal",)
    capabilities = Capabilities(idempotency="key", idempotency_window=timedelta(days=30), concurrency=16)
    credentials = Credentials

    def __init__(self, account: Account, *, timeout_seconds: float) -> None:
        super().__init__(account, timeout_seconds=timeout_seconds)
        self._client = Client()

    @classmethod
    def sandbox_credentials(cls, sandbox: Sandbox) -> Mapping[str, Any]:
        """The app the sandbox knows."""
        return {
            "app_id": push_identities.ONESIGNAL_APP_ID,
            "api_key": push_identities.ONESIGNAL_API_KEY,
            "base_url": f"{sandbox.url}/onesignal",
        }

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Create one message for one subscription."""
        call.nothing_went_out()
        config = self.account.config
        body = {
            "app_id": config["app_id"],
            "target_channel": "push",
            "include_subscription_ids": [message.address],
            "idempotency_key": str(push_payloads.uuid4_of(message.idempotency_key)),
            **push_payloads.onesignal(cast(PushContent, message.content), delivery_id=message.delivery_id),
        }
        answer = self._client.exchange(
            call,
            method="POST",
            url=f"{config['base_url']}/notifications?c=push",
            headers={"Authorization": f"Key {config['api_key']}", "Content-Type": "application/json"},
            body=msgspec.json.encode(body),
        )
        return self._judged(answer)

    def close(self) -> None:
        """End the idle connections."""
        self._client.close()

    def _judged(self, answer: Answer) -> SendResult:
        """200 without an id means that nobody could be reached."""
        try:
            said = structs.decode(answer.body, _Answer)
        except msgspec.MsgspecError:
            said = None
        if answer.status in (200, 201, 202):
            if said is None:
                return Unknown("bad_answer", "the answer is not what the documentation says")
            if said.id:
                return Sent(said.id)
        errors = None if said is None else said.errors
        code = NOT_SUBSCRIBED if _nobody(errors) else ""
        text = "; ".join(str(error) for error in errors) if isinstance(errors, list) else ""
        result = judge(reply_of(answer, account=self.account, code=code, text=text), WORDS)
        return replace(result, address_gone=True) if isinstance(result, Refused) and code else result


def _nobody(errors: Any) -> bool:
    """Whether the one subscription that was named is why nothing was sent."""
    if isinstance(errors, dict):
        return any(name in errors for name in ("invalid_player_ids", "invalid_subscription_ids"))
    sentences = [str(error) for error in errors] if isinstance(errors, list) else []
    return any("not subscribed" in sentence or "invalid_player_ids" in sentence for sentence in sentences)
