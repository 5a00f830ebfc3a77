"""Webhooks: JSON to the recipients' own servers, signed as Standard Webhooks says."""

from typing import cast

import msgspec

from channels_app.addressed import post
from channels_app.channels.webhook import WebhookContent
from channels_app.contract import Call, Capabilities, Message, Provider, Refused, Retry, SendResult, Sent
from channels_app.registry import providers
from channels_app.rules.api_replies import retry_after
from channels_app.rules.http_replies import judge
from channels_app.rules.standard_webhooks import BadSecret, headers_for
from channels_app.signing import secrets_of
from kernel.clock import now
from kernel.safe_http import Answer


@providers.register
class HttpWebhook(Provider):
    """Any server that takes a POST. It knows a repeated delivery by its webhook-id, which all attempts share."""

    key = "http_webhook"
    channel = "webhook"
    title = "Webhook"
    capabilities = Capabilities(idempotency="key", concurrency=32)
    needs_credentials = False
    one_server = False

    def send_one(self, message: Message, *, call: Call) -> SendResult:
        """Sign for this moment and call."""
        call.nothing_went_out()
        body = msgspec.json.encode(cast(WebhookContent, message.content).body)
        try:
            signed = headers_for(
                str(message.delivery_id), body, at=now(), secrets=secrets_of(message.tenant_id, message.endpoint_extra)
            )
        except BadSecret as bad:
            return Refused("bad_secret", str(bad), reason="invalid_address")
        headers = {"Content-Type": "application/json", "User-Agent": "Carillon", **signed}
        if message.traceparent:
            headers["traceparent"] = message.traceparent
        answer = post(message.address, headers=headers, body=body, call=call)
        return _judged(answer, message) if isinstance(answer, Answer) else answer


def _judged(answer: Answer, message: Message) -> SendResult:
    """By the specification only 2xx is a success and 410 an end; with everything else the server may just be broken."""
    status = answer.status
    if 200 <= status < 300:
        return Sent(str(message.delivery_id), delivered=True, detail=f"answered {status}")
    if status == 410:
        return Refused("gone", "answered 410: it wants no more", reason="invalid_address", address_gone=True)
    judged = judge(status, answer.headers, at=now())
    if isinstance(judged, Refused) and status >= 400:
        return Retry(judged.code, judged.detail, after=retry_after(answer.headers.get("retry-after", ""), at=now()))
    return judged
