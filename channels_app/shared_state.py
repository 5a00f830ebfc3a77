"""What all processes share through Redis, asked briefly or not at all. Everything in it can be done without."""

import logging
import threading
from collections.abc import Sequence
from hashlib import sha1
from pathlib import Path
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

from kernel.clock import monotonic

TIMEOUT_SECONDS = 0.15  # to connect, and again to be answered: 0.3 s in all
QUIET_SECONDS = 1.0  # after a failure Redis is left alone this long

log = logging.getLogger(__name__)


class Script:
    """A Lua script of `channels_app/lua/`, sent by its digest once the server knows it."""

    def __init__(self, name: str) -> None:
        self.text = (Path(__file__).parent / "lua" / f"{name}.lua").read_text()
        self.digest = sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class SharedState:
    """Redis as one process sees it. While it is out, one caller a second finds out whether it is back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._client: redis.Redis | None = None
        self._url = ""
        self._is_out = False
        self._quiet_until = 0.0

    def run(
        self, script: Script, *, keys: Sequence[str], args: Sequence[str | bytes | int | float]
    ) -> list[Any] | None:
        """What the script answers, or `None` when Redis does not: then the caller decides alone. 0.3 s at most."""
        client = self._client_or_none()
        if client is None:
            return None
        try:
            answer: list[Any] = self._ask(client, script, keys=keys, args=args)
        except (redis.RedisError, OSError) as trouble:
            self._lost(trouble)
            return None
        if self._is_out:
            self._is_out, self._quiet_until = False, 0.0
            log.warning("shared_state.back")
        return answer

    def _ask(
        self, client: redis.Redis, script: Script, *, keys: Sequence[str], args: Sequence[str | bytes | int | float]
    ) -> list[Any]:
        try:
            found: Any = client.evalsha(script.digest, len(keys), *keys, *args)
        except NoScriptError:
            found = client.eval(script.text, len(keys), *keys, *args)
        return list(found)

    def _client_or_none(self) -> redis.Redis | None:
        with self._lock:
            if monotonic() < self._quiet_until:
                return None
            if self._is_out:  # the others go on without it while this caller tries
                self._quiet_until = monotonic() + QUIET_SECONDS
            if self._client is None or self._url != settings.REDIS_URL:
                self._url = settings.REDIS_URL
                self._client = redis.Redis.from_url(
                    self._url,
                    socket_timeout=TIMEOUT_SECONDS,
                    socket_connect_timeout=TIMEOUT_SECONDS,
                    retry=Retry(NoBackoff(), 0),
                    decode_responses=True,
                )
            return self._client

    def _lost(self, trouble: Exception) -> None:
        with self._lock:
            first, self._is_out = not self._is_out, True
            self._quiet_until = monotonic() + QUIET_SECONDS
        if first:
            log.warning("shared_state.out", extra={"trouble": type(trouble).__name__})


shared_state = SharedState()
