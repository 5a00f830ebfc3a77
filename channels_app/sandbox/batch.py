"""How several messages in one call are taken: each has its own answer, and what is about the call is about them all."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import web

from channels_app.sandbox.http import Verdict, judge, note_refusal
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

ABOUT_ONE = (406, 422)  # of a refusal: it is about the message, not about the call


async def take_batch(
    request: web.Request,
    messages: Sequence[Message | web.Response],
    *,
    world: World,
    yes: Callable[[Message], web.Response],
    no: Callable[[int], web.Response],
) -> web.StreamResponse:
    """Judge all, then wait, record and answer. A response among `messages` is the answer to one that was wrong."""
    verdicts = [judge(message, world=world) if isinstance(message, Message) else None for message in messages]
    for message, verdict in zip(messages, verdicts, strict=True):
        if (
            isinstance(message, Message)
            and verdict
            and (refusal := verdict.refusal)
            and refusal.status not in ABOUT_ONE
        ):
            answer = no(refusal.status)
            note_refusal(refusal, message, status=answer.status, answer=answer.text or "", world=world)
            if refusal.retry_after is not None:
                answer.headers["Retry-After"] = f"{refusal.retry_after:g}"
            return answer
    found = [verdict for verdict in verdicts if verdict is not None]
    await asyncio.sleep(max((verdict.delay_seconds for verdict in found), default=0))
    if request.transport is None or request.transport.is_closing():
        return web.Response(status=499)  # nobody reads it
    answers = [_one(*pair, world=world, yes=yes, no=no) for pair in zip(messages, verdicts, strict=True)]
    if any(verdict.drops for verdict in found):
        request.transport.abort()
    return web.json_response(answers)


def _one(
    message: Message | web.Response,
    verdict: Verdict | None,
    *,
    world: World,
    yes: Callable[[Message], web.Response],
    no: Callable[[int], web.Response],
) -> Any:
    if not isinstance(message, Message):
        return json.loads(message.text or "{}")
    assert verdict is not None
    if verdict.refusal is not None:
        answer = no(verdict.refusal.status)
        note_refusal(verdict.refusal, message, status=answer.status, answer=answer.text or "", world=world)
    else:
        world.accept(message, chosen=verdict.chosen)
        answer = yes(message)
    return json.loads(answer.text or "{}")
