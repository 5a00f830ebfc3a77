"""SMTP connections kept open between messages: opened when needed, looked at before use, renewed after many."""

import threading
from collections import deque

from channels_app.call import Call
from channels_app.smtp.backend import Backend
from channels_app.smtp.connection import Connection
from kernel.clock import monotonic

IDLE_SECONDS = 30.0  # a connection idle for longer is asked before it is trusted
ASKING_SECONDS = 5.0
GOODBYE_SECONDS = 0.5


class Pool:
    """Idle connections to one server, last used first. How many there are at a time is up to who takes them."""

    def __init__(self, backend: Backend, *, messages_per_connection: int) -> None:
        self._backend = backend
        self._messages_per_connection = messages_per_connection
        self._idle: deque[Connection] = deque()
        self._lock = threading.Lock()

    def take(self, call: Call) -> tuple[Connection, bool]:
        """A connection that was good a moment ago, or a new one; the flag says whether it was used before.

        Raises what opening one raises.
        """
        while (connection := self._next_idle()) is not None:
            if self._is_good(connection, call=call):
                return connection, True
            connection.close()
        return self.fresh(call), False

    def fresh(self, call: Call) -> Connection:
        """A new connection, greeted, encrypted and authenticated as configured. Raises `Rejected` or OSError."""
        return self._backend.connect(seconds=call.remaining())

    def give_back(self, connection: Connection) -> None:
        """Keep a connection for the next message, unless it is broken or has carried enough."""
        if connection.sock is None:
            return
        if connection.messages >= self._messages_per_connection:
            connection.leave(within_seconds=GOODBYE_SECONDS)
            return
        with self._lock:
            self._idle.append(connection)

    def close(self) -> None:
        """Say good-bye on every idle connection."""
        with self._lock:
            idle, self._idle = self._idle, deque()
        for connection in idle:
            connection.leave(within_seconds=GOODBYE_SECONDS)

    def _next_idle(self) -> Connection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _is_good(self, connection: Connection, *, call: Call) -> bool:
        if not connection.is_alive():
            return False
        if monotonic() - connection.used_at < IDLE_SECONDS:
            return True
        return connection.answers(within_seconds=min(ASKING_SECONDS, call.remaining()))
