"""What every route needs: the world, the reader beside it, answers in JSON, parameters that name their faults."""

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, TypeVar

from aiohttp import web

from channels_app.sandbox.behaviour_json import Fault
from channels_app.sandbox.lookup import Lookup
from channels_app.sandbox.problems import Invalid
from channels_app.sandbox.reports import Reporter
from channels_app.sandbox.values import microseconds, sequence_of
from channels_app.sandbox.world import World

MAX_LIMIT = 10_000
DEFAULT_LIMIT = 100

T = TypeVar("T")

Spoken = Sequence[dict[str, str]]  # {"channel", "provider"} of everyone the sandbox plays


class Reader:
    """Reads the ledger in a thread of its own, so that no search holds up a mail."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-reader")

    async def read(self, question: Callable[[Lookup], T]) -> T:
        """Ask the ledger; the question runs in the reader's thread, encoding included."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, self._lookup)

    def close(self) -> None:
        """Finish the question at hand and close."""
        self._thread.shutdown(cancel_futures=True)
        self._lookup.close()


WORLD = web.AppKey("world", World)
READER = web.AppKey("reader", Reader)
REPORTER = web.AppKey("reporter", Reporter)
ADDRESSES = web.AppKey("addresses", dict[str, str])  # {"smtp": "127.0.0.1:1025"}
SPOKEN: web.AppKey[Spoken] = web.AppKey("spoken")


def encoded(value: Any) -> bytes:
    """JSON as bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def json_answer(value: Any, *, status: int = 200) -> web.Response:
    """A JSON answer; bytes are taken to be JSON already."""
    body = value if isinstance(value, bytes) else encoded(value)
    return web.Response(status=status, body=body, content_type="application/json", charset="utf-8")


def limit_of(request: web.Request) -> int:
    """The `limit` asked for, 1 to 10,000. Raises Invalid."""
    given = request.query.get("limit", "")
    if not given:
        return DEFAULT_LIMIT
    if not (given.isascii() and given.isdigit() and len(given) < 10 and int(given) >= 1):
        raise Invalid(Fault("/limit", "wrong_type", f"limit is 1 to {MAX_LIMIT:,}, found {given[:40]!r}"))
    return min(int(given), MAX_LIMIT)


def flag_of(request: web.Request, name: str) -> bool:
    """Whether a flag is set: `1` or `true`."""
    return request.query.get(name, "").lower() in ("1", "true")


def since_of(request: web.Request) -> tuple[int | None, int | None]:
    """The `since` asked for: (microseconds, None) for a time, (None, row) for a message id. Raises Invalid."""
    given = request.query.get("since", "")
    if not given:
        return None, None
    if (seq := sequence_of(given)) is not None:
        return None, seq
    try:
        moment = datetime.fromisoformat(given.replace(" ", "+"))  # a bare + in a query arrives as a space
    except ValueError:
        wanted = "since is an ISO-8601 time or a message id"
        raise Invalid(Fault("/since", "wrong_type", f"{wanted}, found {given[:40]!r}")) from None
    return microseconds(moment if moment.tzinfo else moment.replace(tzinfo=UTC)), None


def row_of(request: web.Request) -> int:
    """The row the message id in the path names. Raises HTTPNotFound."""
    seq = sequence_of(request.match_info["id"])
    if seq is None:
        raise web.HTTPNotFound
    return seq
