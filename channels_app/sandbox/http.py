"""How a send over HTTP is taken: by the behaviours in force, recorded before it is answered, like a mail over SMTP.

A protocol reads the request, says what a yes and a no look like in its provider's words, and leaves the rest to `take`.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from channels_app.sandbox.behaviours import REFUSALS, Behaviour
from channels_app.sandbox.values import Message, Rejection
from channels_app.sandbox.world import World

DEFAULT_SECONDS = 1.0
DEFAULT_STATUS = {"error": 500, "throttle": 429}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no that a behaviour asks for."""

    do: str  # error, throttle
    status: int
    retry_after: float | None = None  # seconds; goes into the Retry-After header by itself


async def take(
    request: web.Request,
    message: Message,
    *,
    world: World,
    yes: Callable[[tuple[str, ...]], web.Response],
    no: Callable[[Refusal], web.Response],
) -> web.StreamResponse:
    """Judge, wait, record, answer. `yes` is given the ledger's ids. Who hangs up during a delay was not accepted."""
    chosen: dict[str, Behaviour] = {}
    for to in message.to:
        rule = world.choose(channel=message.channel, provider=message.provider, to=to)
        if rule is None:
            continue
        if rule.do in REFUSALS:
            return _refused(rule, message, to=to, world=world, no=no)
        chosen[to] = rule
    await asyncio.sleep(max((_seconds(rule) for rule in chosen.values() if rule.do == "delay"), default=0))
    if request.transport is None or request.transport.is_closing():
        return web.Response(status=499)  # nobody reads it
    answer = yes(world.accept(message, chosen=chosen))
    for rule in chosen.values():
        if rule.do == "drop_answer":
            request.transport.abort()
            return web.Response(status=499)
        if rule.do == "drip":
            return await _drip(request, answer, every=_seconds(rule))
    return answer


def _refused(
    rule: Behaviour, message: Message, *, to: str, world: World, no: Callable[[Refusal], web.Response]
) -> web.Response:
    after = (DEFAULT_SECONDS if rule.retry_after is None else rule.retry_after) if rule.do == "throttle" else None
    refusal = Refusal(rule.do, rule.status or DEFAULT_STATUS[rule.do], after)
    answer = no(refusal)
    if after is not None:
        answer.headers.setdefault("Retry-After", f"{after:g}")
    m, text = message, (answer.text or "")[:2000]
    world.reject(Rejection(m.channel, m.provider, to, m.sender, m.subject, m.delivery_id, rule.do, answer.status, text))
    return answer


async def _drip(request: web.Request, answer: web.Response, *, every: float) -> web.StreamResponse:
    """The same answer with a body that comes byte by byte, `every` so many seconds."""
    slow = web.StreamResponse(status=answer.status, headers=answer.headers)
    await slow.prepare(request)
    body = answer.body if isinstance(answer.body, bytes) else b""
    for byte in body or b" ":
        await slow.write(bytes((byte,)))
        await asyncio.sleep(every)
    await slow.write_eof()
    return slow


def _seconds(rule: Behaviour) -> float:
    return DEFAULT_SECONDS if rule.seconds is None else rule.seconds
