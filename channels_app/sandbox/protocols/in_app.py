"""Inbox items, shown beside what went to providers. No provider is played here: inboxes are Carillon's own."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aiohttp import web

from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

CHANNEL, PROVIDER = "in_app", "inbox"


class InApp(Protocol):
    """Takes copies of items that are already in their inboxes; behaviours do not touch them."""

    key = "in_app"

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """One for a batch of items: `{"items": [{"delivery_id", "to", "title", "body", …}]}`."""

        async def take(request: web.Request) -> web.Response:
            try:
                messages = [_message(item) for item in json.loads(await request.read())["items"]]
            except (ValueError, KeyError, TypeError, AttributeError):
                return web.json_response(
                    {"error": 'no items; {"items": [{"to", "title", "body"}]} would do'}, status=400
                )
            for message in messages:
                world.accept(message, chosen={})
            return web.json_response({"shown": len(messages)})

        return (web.post("/in_app/items", take),)


def _message(item: Mapping[str, Any]) -> Message:
    return Message(
        channel=CHANNEL,
        provider=PROVIDER,
        to=(str(item["to"]),),
        raw=json.dumps(item).encode(),
        sender=str(item.get("category") or ""),
        subject=str(item.get("title", "")),
        text=str(item.get("body", "")),
        payload=dict(item),
        delivery_id=str(item["delivery_id"]) if item.get("delivery_id") else None,
    )


protocol = InApp()
