"""Write back: the recipient of a text message answers, and the provider tells the hook."""

import json

from aiohttp import web

from channels_app.sandbox.api.desk import REPORTER, json_answer, row_of
from channels_app.sandbox.behaviour_json import Fault
from channels_app.sandbox.problems import Invalid

MAX_CHARS = 1600


async def reply_to_message(request: web.Request) -> web.Response:
    """`{"text": "STOP"}`: `{"taken": true}` when the hook answered with a success."""
    try:
        text = json.loads(await request.read())["text"]
    except (ValueError, KeyError, TypeError, RecursionError):
        text = None
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHARS:
        raise Invalid(Fault("/text", "required", f'expected {{"text": "…"}} with 1 to {MAX_CHARS:,} characters'))
    taken = await request.app[REPORTER].reply(row_of(request), text)
    if taken is None:
        raise web.HTTPNotFound
    return json_answer({"taken": taken})


ROUTES = [web.post("/sandbox/api/messages/{id}/reply", reply_to_message)]
