"""OneSignal at /onesignal: documentation.onesignal.com/reference/push-notification, 2026-11."""

import json
from uuid import NAMESPACE_URL, UUID, uuid5

from aiohttp import web

from channels_app.sandbox.api_protocol import ApiProtocol, Wrong, json_of, shown_headers
from channels_app.sandbox.push_identities import ONESIGNAL_API_KEY, ONESIGNAL_APP_ID
from channels_app.sandbox.values import Message

SENTENCES = {429: "API rate limit exceeded", 404: "All included players are not subscribed"}


class OneSignal(ApiProtocol):
    """One subscription per call. A subscription that is gone is told in a 200 without an id."""

    key = "onesignal"
    channel = "push"
    path = "/notifications"

    def read(self, request: web.Request, body: bytes) -> Message:
        """A message for one subscription."""
        if request.headers.get("Authorization") != f"Key {ONESIGNAL_API_KEY}":
            raise Wrong(_errors(403, "Access denied. Please include an 'Authorization: ...' header"))
        said = json_of(body)
        try:
            to = str(said["include_subscription_ids"][0])
            title, text = str(said["headings"]["en"]), str(said["contents"]["en"])
            app_id, data, key = said["app_id"], said.get("data", {}), said.get("idempotency_key")
        except (TypeError, KeyError, IndexError, AttributeError):
            raise Wrong(_errors(400, "Message Notifications must have English language content")) from None
        if app_id != ONESIGNAL_APP_ID:
            raise Wrong(_errors(400, "app_id not found"))
        if key is not None and not _is_uuid(key):
            raise Wrong(_errors(400, "idempotency_key is not a UUID of version 3 or 4"))
        delivery_id = data.get("carillon_delivery")
        return Message(
            channel=self.channel,
            provider=self.key,
            to=(to,),
            raw=body,
            sender=ONESIGNAL_APP_ID,
            subject=title,
            text=text,
            payload={"id": str(uuid5(NAMESPACE_URL, str(delivery_id or body))), "body": said},
            headers=shown_headers(request),
            delivery_id=delivery_id,
        )

    def key_of(self, request: web.Request, body: bytes) -> str:
        """In the body."""
        said = json_of(body)
        return str(said.get("idempotency_key") or "") if isinstance(said, dict) else ""

    def yes(self, message: Message) -> web.Response:
        return web.json_response({"id": message.payload["id"], "external_id": None})

    def no(self, status: int) -> web.Response:
        if status in (404, 410):
            return web.json_response({"id": "", "errors": [SENTENCES[404]]})
        return _errors(status, SENTENCES.get(status, "Refused by the sandbox"))


protocol = OneSignal()


def _errors(status: int, *sentences: str) -> web.Response:
    return web.Response(status=status, text=json.dumps({"errors": sentences}), content_type="application/json")


def _is_uuid(key: str) -> bool:
    try:
        return UUID(key).version in (3, 4)
    except (ValueError, AttributeError):
        return False
