"""The same request a thousand times at once is one notification (RELIABILITY R26)."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp
import msgspec

from tests.stack import Api, Sandbox, Stack, text
from tests.stack.waiting import ended

MANY = 1_000
Someone = Callable[..., dict[str, Any]]


async def ask_at_once(api: Api, body: bytes) -> list[tuple[int, bytes]]:
    """`MANY` identical requests, each on a connection of its own, none waiting for another."""
    headers = {"Authorization": f"Bearer {api.key}", "Content-Type": "application/json"}
    patient = aiohttp.ClientTimeout(total=120)
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, headers=headers, timeout=patient) as session:

        async def ask() -> tuple[int, bytes]:
            async with session.post(f"{api.url}/api/v1/notifications", data=body) as answer:
                return answer.status, await answer.read()

        return await asyncio.gather(*(ask() for _ in range(MANY)))


def test_a_thousand_identical_requests_at_once_make_one_notification(
    stack: Stack, api: Api, sandbox: Sandbox, someone: Someone
) -> None:
    person = someone()
    key = f"order_created:{person['id']}"
    request = {"recipients": [person], "content": text(), "idempotency_key": key}

    answers = asyncio.run(ask_at_once(api, msgspec.json.encode(request)))

    statuses = Counter(status for status, _ in answers)
    assert set(statuses) <= {202, 409}, statuses
    (body,) = {body for status, body in answers if status == 202}
    refusals = {msgspec.json.decode(body)["code"] for status, body in answers if status == 409}
    assert refusals <= {"idempotency_in_flight"}
    accepted = msgspec.json.decode(body)
    rows = stack.sql("SELECT id::text FROM notifications_notification WHERE idempotency_key = %s", key)
    assert rows == [(accepted["id"],)]

    again = api("POST", "/notifications", request)
    assert (again.status, again.body, again.headers["Idempotent-Replayed"]) == (202, body, "true")
    other = api("POST", "/notifications", {**request, "content": text("Other words")})
    assert (other.status, other.json["code"]) == (422, "idempotency_key_reused")

    ended(api, accepted)
    assert len(sandbox.messages(to=person["email"])) == 1
