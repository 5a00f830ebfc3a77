"""The behaviours in force: see, replace, add one, drop one, drop all."""

import json
from typing import Any

from aiohttp import web

from channels_app.sandbox.api.desk import WORLD, json_answer
from channels_app.sandbox.behaviour_json import MAX_BEHAVIOURS, Fault, read_behaviour, read_behaviours, write_behaviour
from channels_app.sandbox.problems import Invalid


async def list_behaviours(request: web.Request) -> web.Response:
    """The behaviours in order, each with its remaining `times`."""
    return json_answer(_listed(request))


async def replace_behaviours(request: web.Request) -> web.Response:
    """Put a list of behaviours in the place of all others."""
    request.app[WORLD].behave(read_behaviours(await _body(request)))
    return json_answer(_listed(request))


async def add_behaviour(request: web.Request) -> web.Response:
    """Add one behaviour at `position` (0 = first); last when no position is given."""
    world, given = request.app[WORLD], request.query.get("position", "")
    if given and not (given.isascii() and given.isdigit() and len(given) < 10):
        raise Invalid(Fault("/position", "wrong_type", f"position is a whole number from 0, found {given[:40]!r}"))
    rule = read_behaviour(await _body(request))
    if len(world.behaviours) >= MAX_BEHAVIOURS:
        raise Invalid(Fault("", "too_many", f"at most {MAX_BEHAVIOURS} behaviours are kept; drop one first"))
    world.add_behaviour(rule, position=int(given) if given else MAX_BEHAVIOURS)
    return json_answer(_listed(request), status=201)


async def drop_behaviour(request: web.Request) -> web.Response:
    """Drop the behaviour at a position."""
    if not request.app[WORLD].drop_behaviour(int(request.match_info["position"])):
        raise web.HTTPNotFound
    return json_answer(_listed(request))


async def drop_behaviours(request: web.Request) -> web.Response:
    """Drop all behaviours: every message is accepted plainly again."""
    request.app[WORLD].behave(())
    return web.Response(status=204)


ROUTES = [
    web.get("/sandbox/api/behaviours", list_behaviours),
    web.put("/sandbox/api/behaviours", replace_behaviours),
    web.post("/sandbox/api/behaviours", add_behaviour),
    web.delete("/sandbox/api/behaviours", drop_behaviours),
    web.delete(r"/sandbox/api/behaviours/{position:\d{1,6}}", drop_behaviour),
]


def _listed(request: web.Request) -> list[dict[str, Any]]:
    return [write_behaviour(rule) for rule in request.app[WORLD].behaviours]


async def _body(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError) as error:
        raise Invalid(Fault("", "not_json", f"the body is not JSON: {error}")) from None
