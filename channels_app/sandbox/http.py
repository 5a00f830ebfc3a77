"""How a send over HTTP is taken: by the behaviours in force, recorded before it is answered, like a mail over SMTP.

A protocol reads the request, says what a yes and a no look like in its provider's words, and leaves the rest to `take`.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

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
    to: str  # the recipient it is about
    retry_after: float | None = None  # seconds; goes into the Retry-After header by itself


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the behaviours in force make of a send. Nothing else counts when there is a refusal."""

    refusal: Refusal | None = None
    chosen: Mapping[str, Behaviour] = field(default_factory=dict)  # the behaviours that act, by recipient
    delay_seconds: float = 0.0
    drops: bool = False  # it is accepted, and its answer is lost
    drip_seconds: float | None = None  # between two bytes of the answer


def judge(message: Message, *, world: World) -> Verdict:
    """Ask the behaviours about each recipient, and use them up by one."""
    chosen: dict[str, Behaviour] = {}
    for to in message.to:
        rule = world.choose(channel=message.channel, provider=message.provider, to=to)
        if rule is None:
            continue
        if rule.do in REFUSALS:
            return Verdict(_refusal(rule, to=to))
        chosen[to] = rule
    drips = [_seconds(rule) for rule in chosen.values() if rule.do == "drip"]
    return Verdict(
        chosen=chosen,
        delay_seconds=max((_seconds(rule) for rule in chosen.values() if rule.do == "delay"), default=0),
        drops=any(rule.do == "drop_answer" for rule in chosen.values()),
        drip_seconds=max(drips, default=None),
    )


def note_refusal(refusal: Refusal, message: Message, *, status: int, answer: str, world: World) -> None:
    """Record that a send was turned away, and with what words."""
    m = message
    world.reject(
        Rejection(
            m.channel, m.provider, refusal.to, m.sender, m.subject, m.delivery_id, refusal.do, status, answer[:2000]
        )
    )


async def take(
    request: web.Request,
    message: Message,
    *,
    world: World,
    yes: Callable[[tuple[str, ...]], web.Response],
    no: Callable[[Refusal], web.Response],
) -> web.StreamResponse:
    """Judge, wait, record, answer. `yes` is given the ledger's ids. Who hangs up during a delay was not accepted."""
    verdict = judge(message, world=world)
    if verdict.refusal is not None:
        return _refused(verdict.refusal, message, answer=no(verdict.refusal), world=world)
    await asyncio.sleep(verdict.delay_seconds)
    if request.transport is None or request.transport.is_closing():
        return web.Response(status=499)  # nobody reads it
    answer = yes(world.accept(message, chosen=verdict.chosen))
    if verdict.drops:
        request.transport.abort()
        return web.Response(status=499)
    return answer if verdict.drip_seconds is None else await _drip(request, answer, every=verdict.drip_seconds)


def _refusal(rule: Behaviour, *, to: str) -> Refusal:
    after = (DEFAULT_SECONDS if rule.retry_after is None else rule.retry_after) if rule.do == "throttle" else None
    return Refusal(rule.do, rule.status or DEFAULT_STATUS[rule.do], to, after)


def _refused(refusal: Refusal, message: Message, *, answer: web.Response, world: World) -> web.Response:
    if refusal.retry_after is not None:
        answer.headers.setdefault("Retry-After", f"{refusal.retry_after:g}")
    note_refusal(refusal, message, status=answer.status, answer=answer.text or "", world=world)
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
