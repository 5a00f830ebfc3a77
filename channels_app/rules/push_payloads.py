"""A push content in the words of the services that carry it. The same delivery always makes the same payload.

`carillon_delivery` travels in the data of all of them: an app that was shown a message twice can tell.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from channels_app.parts import Action
from channels_app.rules.hooks import DELIVERY
from channels_app.rules.push_content import PushContent

TOPIC_CHARS = 32  # RFC 8030 5.4


def own_data(content: PushContent, *, delivery_id: UUID) -> dict[str, Any]:
    """What the app gets beside what is shown: the tenant's data, where a tap leads, the buttons."""
    data: dict[str, Any] = {**content.data, DELIVERY: str(delivery_id)}
    if content.url:
        data["url"] = content.url
    if content.actions:
        data["actions"] = [msgspec.to_builtins(action) for action in content.actions]
    return data


def fcm(content: PushContent, *, delivery_id: UUID, at: datetime) -> dict[str, Any]:
    """The arguments of pyfcm's `notify`. `at` is when the message was written.

    firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, 2026-11
    """
    ttl = content.ttl_seconds
    collapse = {"collapse_key": content.collapse_key} if content.collapse_key else {}
    shown = {"tag": content.collapse_key} if content.collapse_key else {}
    web_headers = {"TTL": str(ttl), **({"Topic": topic(content.collapse_key)} if content.collapse_key else {})}
    return {
        "notification_title": content.title,
        "notification_body": content.body,
        "notification_image": content.image or None,
        "data_payload": {name: _text(value) for name, value in own_data(content, delivery_id=delivery_id).items()},
        "android_config": {"priority": "HIGH", "ttl": f"{ttl}s", **collapse, "notification": shown},
        "apns_config": {
            "headers": apns_headers(content, at=at),
            "payload": {"aps": {"mutable-content": 1, "sound": "default"}},
        },
        "webpush_config": {
            "headers": web_headers,
            "notification": {"actions": _web_actions(content)} if content.actions else {},
            "fcm_options": {"link": content.url} if content.url.startswith("https://") else {},
        },
    }


def apns(content: PushContent, *, delivery_id: UUID) -> dict[str, Any]:
    """developer.apple.com "Generating a remote notification", 2026-11. A service extension shows the image."""
    aps: dict[str, Any] = {"alert": {"title": content.title, "body": content.body}, "sound": "default"}
    if content.image or content.actions:
        aps["mutable-content"] = 1
    if content.collapse_key:
        aps["thread-id"] = content.collapse_key
    image = {"image": content.image} if content.image else {}
    return {**own_data(content, delivery_id=delivery_id), **image, "aps": aps}


def apns_headers(content: PushContent, *, at: datetime) -> dict[str, str]:
    """What goes beside an APNs payload; 0 as expiration means now or never."""
    until = int((at + timedelta(seconds=content.ttl_seconds)).timestamp()) if content.ttl_seconds else 0
    collapse = {"apns-collapse-id": content.collapse_key} if content.collapse_key else {}
    return {"apns-priority": "10", "apns-expiration": str(until), **collapse}


def onesignal(content: PushContent, *, delivery_id: UUID) -> dict[str, Any]:
    """documentation.onesignal.com/reference/push-notification, 2026-11."""
    picture = {"big_picture": content.image, "chrome_web_image": content.image, "ios_attachments": {"i": content.image}}
    buttons = [{"id": id, "text": action.title, "url": action.url} for id, action in _buttons(content)]
    return {
        "headings": {"en": content.title},
        "contents": {"en": content.body or content.title},
        "data": own_data(content, delivery_id=delivery_id),
        "ttl": content.ttl_seconds,
        **({"url": content.url} if content.url else {}),
        **(picture if content.image else {}),
        **({"buttons": buttons} if buttons else {}),
        **({"collapse_id": content.collapse_key} if content.collapse_key else {}),
    }


def web_push(content: PushContent, *, delivery_id: UUID) -> dict[str, Any]:
    """What our service worker is told; its names are those of `showNotification`: developer.mozilla.org, 2026-11."""
    return {
        "title": content.title,
        "body": content.body,
        "data": own_data(content, delivery_id=delivery_id),
        **({"image": content.image} if content.image else {}),
        **({"tag": content.collapse_key} if content.collapse_key else {}),
        **({"actions": _web_actions(content)} if content.actions else {}),
    }


def topic(collapse_key: str) -> str:
    """A collapse key as a Topic: of any text a word of 32 letters that is always the same for it."""
    return sha256(collapse_key.encode()).hexdigest()[:TOPIC_CHARS]


def uuid4_of(key: str) -> UUID:
    """The one UUID of version 4 that belongs to an idempotency key, for services that take no other."""
    return UUID(bytes=sha256(key.encode()).digest()[:16], version=4)


def _web_actions(content: PushContent) -> list[Mapping[str, str]]:
    return [{"action": id, "title": action.title} for id, action in _buttons(content)]


def _buttons(content: PushContent) -> list[tuple[str, Action]]:
    """The buttons with the name each is heard by: its own, or its place."""
    return [(action.action or f"action-{place}", action) for place, action in enumerate(content.actions, start=1)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
