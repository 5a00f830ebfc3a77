"""The accepted messages: list, one, count, the compact ledger, and clearing it all."""

from aiohttp import web

from channels_app.sandbox.api.desk import (
    READER,
    WORLD,
    encoded,
    flag_of,
    json_answer,
    limit_of,
    row_of,
    since_of,
)
from channels_app.sandbox.behaviour_json import Fault
from channels_app.sandbox.lookup import Wanted
from channels_app.sandbox.problems import Invalid
from channels_app.sandbox.values import sequence_of


async def list_messages(request: web.Request) -> web.Response:
    """The newest messages that fit every filter given."""
    wanted = _wanted(request)
    body = await request.app[READER].read(lambda ledger: encoded({"results": ledger.messages(wanted)}))
    return json_answer(body)


async def get_message(request: web.Request) -> web.Response:
    """One message in full."""
    seq = row_of(request)
    found = await request.app[READER].read(lambda ledger: ledger.message(seq))
    if found is None:
        raise web.HTTPNotFound
    return json_answer(found)


async def count_messages(request: web.Request) -> web.Response:
    """How many messages are kept, and how many delivery ids were accepted more than once."""
    ledger = request.app[WORLD].ledger
    return json_answer({"count": ledger.messages, "by_delivery_duplicates": ledger.duplicates})


async def list_deliveries(request: web.Request) -> web.Response:
    """Every delivery id last accepted since, with how many times it was accepted: to be held against a database."""
    since_us, seq = since_of(request)
    if seq is not None:
        raise Invalid(Fault("/since", "wrong_type", "here since is an ISO-8601 time, found a message id"))
    body = await request.app[READER].read(lambda ledger: encoded({"results": ledger.deliveries(since_us=since_us)}))
    return json_answer(body)


async def list_rejections(request: web.Request) -> web.Response:
    """The newest sends that a behaviour turned away."""
    limit, after = limit_of(request), request.query.get("after", "rej-0").removeprefix("rej-")
    if not (after.isascii() and after.isdigit() and len(after) < 19):
        raise Invalid(Fault("/after", "wrong_type", f"after is a rejection's id, found {after[:40]!r}"))
    body = await request.app[READER].read(
        lambda ledger: encoded({"results": ledger.rejections(after_seq=int(after), limit=limit)})
    )
    return json_answer(body)


async def clear_messages(request: web.Request) -> web.Response:
    """Forget all messages, counted deliveries and rejections. Behaviours stay."""
    request.app[WORLD].ledger.clear()
    return web.Response(status=204)


ROUTES = [
    web.get("/sandbox/api/messages", list_messages),
    web.get("/sandbox/api/messages/count", count_messages),
    web.get("/sandbox/api/messages/{id}", get_message),
    web.delete("/sandbox/api/messages", clear_messages),
    web.get("/sandbox/api/ledger", list_deliveries),
    web.get("/sandbox/api/rejections", list_rejections),
]


def _wanted(request: web.Request) -> Wanted:
    query = request.query
    since_us, after_seq = since_of(request)
    before = query.get("before", "")
    before_seq = sequence_of(before) if before else None
    if before and before_seq is None:
        raise Invalid(Fault("/before", "wrong_type", f"before is a message id, found {before[:40]!r}"))
    return Wanted(
        channel=query.get("channel") or None,
        provider=query.get("provider") or None,
        to=query.get("to") or None,
        delivery_id=query.get("delivery_id") or None,
        words=tuple(query.get("q", "").split()),
        since_us=since_us,
        after_seq=after_seq,
        before_seq=before_seq,
        limit=limit_of(request),
        brief=flag_of(request, "brief"),
    )
