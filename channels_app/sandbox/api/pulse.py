"""What has changed, for a page that looks every second: a few numbers held in memory."""

from aiohttp import web

from channels_app.sandbox.api.desk import ADDRESSES, SPOKEN, WORLD, json_answer
from channels_app.sandbox.values import message_id


async def get_pulse(request: web.Request) -> web.Response:
    """Counts, newest ids, the revision of behaviours and clears, and where to send to."""
    world = request.app[WORLD]
    ledger = world.ledger
    return json_answer(
        {
            "count": ledger.messages,
            "by_delivery_duplicates": ledger.duplicates,
            "newest": message_id(ledger.newest),
            "rejections": ledger.rejections,
            "newest_rejection": f"rej-{ledger.newest_rejection}",
            "behaviours": len(world.behaviours),
            "revision": ledger.revision,
            "clears": ledger.clears,
            "addresses": request.app[ADDRESSES],
            "providers": request.app[SPOKEN],
        }
    )


ROUTES = [web.get("/sandbox/api/pulse", get_pulse)]
