"""Does it answer? One question each to HTTP, PostgreSQL and Valkey, spoken without their client libraries."""

from __future__ import annotations

import http.client
import socket
import struct

from deploy.local.ports import HOST

TIMEOUT_SECONDS = 2.0
PROTOCOL_3 = 196608  # postgresql.org/docs/18/protocol-message-formats.html, StartupMessage


def http_answer(port: int, *, path: str) -> tuple[int, str]:
    """Status and the beginning of the body of a GET; status 0 and the reason when nobody answers in time.

    Straight to the port: proxies of the environment are for the outside world.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return 0, str(error) or type(error).__name__
    finally:
        connection.close()


def postgres_answers(port: int) -> bool:
    """Whether PostgreSQL takes sessions: then it asks for a password ("R"), else it sends an error ("E")."""
    wish = b"user\0postgres\0database\0postgres\0\0"
    return _answer(port, said=struct.pack("!ii", len(wish) + 8, PROTOCOL_3) + wish).startswith(b"R")


def valkey_answers(port: int) -> bool:
    """Whether Valkey takes commands: to a stranger's PING it says "-NOAUTH", and while it loads its data "-LOADING"."""
    return _answer(port, said=b"PING\r\n").startswith((b"-NOAUTH", b"+PONG"))


def _answer(port: int, *, said: bytes) -> bytes:
    """The beginning of what comes back (both servers answer in one short packet); empty when nothing does."""
    try:
        with socket.create_connection((HOST, port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(said)
            return connection.recv(1000)
    except OSError:
        return b""
