"""The only way to call a URL that a tenant or a recipient gave us (RELIABILITY 4.1).

Https to public addresses on ports 443 and 8443; no redirects, no user names, no proxy of the environment. The name is
resolved once, every answer is judged, and the very address that was judged is dialled, so a resolver that changes its
mind gains nothing. One deadline covers resolving, connecting, writing and reading: a server that drips does not
extend it. `allow` names the operator's exceptions (`settings.EGRESS_ALLOW`), which may be http and anywhere.
"""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import h11

from kernel.clock import monotonic
from kernel.safe_http_target import Blocked, Place, Target, check_public, places_of, read_target

__all__ = ["Answer", "BadAnswer", "Blocked", "fetch"]

PIECE_BYTES = 16 * 1024
HEAD_BYTES = 32 * 1024  # of the answer
OURS = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding", "expect", "upgrade"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. A redirect is an answer like any other."""

    status: int
    headers: Mapping[str, str]  # names in lower case; of a repeated one the last
    body: bytes = field(repr=False)
    cut: bool = False  # the body was longer than `max_bytes`; this is its beginning


class BadAnswer(OSError):
    """Something answered, and it was not HTTP, or it ended in the middle."""


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    timeout_seconds: float,
    max_bytes: int,
    allow: frozenset[str] = frozenset(),
    on_bytes: Callable[[], None] | None = None,
    tls: ssl.SSLContext | None = None,
) -> Answer:
    """Call a URL once.

    `on_bytes` is called when the connection stands and the first byte of the request is about to be written: what fails
    before has certainly not arrived. What it raises ends the call. `tls` `None`: the authorities of the system.
    Raises Blocked when the URL may not be called, TimeoutError at the deadline, OSError for all other trouble
    (`ssl.SSLError`, `socket.gaierror` and BadAnswer among them), and ValueError for headers that cannot be sent.
    """
    deadline = monotonic() + timeout_seconds
    target = read_target(url, allow=allow)
    request = _request(target, method=method, headers=headers or {}, size=len(body))
    places = places_of(target, deadline=deadline)
    line = _connected(target, places, deadline=deadline, tls=tls)
    with line:
        return _exchange(_Line(line, deadline), request, body=body, max_bytes=max_bytes, on_bytes=on_bytes)


def _request(target: Target, *, method: str, headers: Mapping[str, str], size: int) -> h11.Request:
    if mine := OURS & {name.lower() for name in headers}:
        raise ValueError(f"{', '.join(sorted(mine))} cannot be given: they follow from the call")
    every = [("Host", target.authority), ("Connection", "close"), ("Accept-Encoding", "identity"), *headers.items()]
    if size or method in ("POST", "PUT", "PATCH"):
        every.append(("Content-Length", str(size)))
    try:
        return h11.Request(method=method, target=target.path, headers=every)
    except (h11.LocalProtocolError, UnicodeEncodeError):
        raise ValueError("the method or a header has characters that cannot be sent") from None


def _connected(
    target: Target, places: tuple[Place, ...], *, deadline: float, tls: ssl.SSLContext | None
) -> socket.socket:
    """A socket to the first place that takes the call, with TLS around it where the URL says so. A place that is silent
    leaves the next one its part of the time.
    """
    trouble = OSError("no address took the call")
    for position, place in enumerate(places):
        try:
            return _dial(target, place, seconds=_left(deadline) / (len(places) - position), tls=tls)
        except OSError as found:
            trouble = found
    raise trouble


def _dial(target: Target, place: Place, *, seconds: float, tls: ssl.SSLContext | None) -> socket.socket:
    until = monotonic() + seconds
    line = socket.socket(place.family, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect(place.address)
        if not target.excepted:
            check_public(str(line.getpeername()[0]))  # whatever stands between us and the network, this is who answers
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.secure:
            line.settimeout(_left(until))
            return (tls or _system.context()).wrap_socket(line, server_hostname=target.host.rstrip("."))
    except BaseException:
        line.close()
        raise
    return line


def _exchange(
    line: "_Line", request: h11.Request, *, body: bytes, max_bytes: int, on_bytes: Callable[[], None] | None
) -> Answer:
    talk = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_BYTES)
    head = talk.send(request) or b""
    tail = (talk.send(h11.Data(data=body)) or b"" if body else b"") + (talk.send(h11.EndOfMessage()) or b"")
    if on_bytes is not None:
        on_bytes()
    line.write(head + tail)
    try:
        return _answer(line, talk, max_bytes=max_bytes)
    except h11.RemoteProtocolError:
        raise BadAnswer("what came back is not HTTP or ends in the middle") from None


def _answer(line: "_Line", talk: h11.Connection, *, max_bytes: int) -> Answer:
    status, headers = 0, dict[str, str]()
    body = bytearray()
    while True:
        match talk.next_event():
            case h11.NEED_DATA:
                piece = line.read()
                if not (piece or status or talk.trailing_data[0]):
                    raise ConnectionResetError("the connection ended without an answer")
                talk.receive_data(piece)
            case h11.Response() as response:
                status = response.status_code
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
            case h11.Data() as data:
                body += data.data
                if len(body) > max_bytes:
                    return Answer(status, headers, bytes(body[:max_bytes]), cut=True)
            case h11.EndOfMessage():
                return Answer(status, headers, bytes(body))
            case h11.ConnectionClosed() | h11.PAUSED:
                raise BadAnswer("what came back is not the answer to a plain request")


class _Line:
    """A socket whose every operation ends at one deadline."""

    def __init__(self, line: socket.socket, deadline: float) -> None:
        self._line, self._deadline = line, deadline

    def write(self, data: bytes) -> None:
        """Write all of it. A server that answers before it has read everything is listened to."""
        try:
            self._line.settimeout(_left(self._deadline))
            self._line.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return  # its answer may lie in the buffer; if not, reading says so

    def read(self) -> bytes:
        self._line.settimeout(_left(self._deadline))
        return self._line.recv(PIECE_BYTES)


def _left(deadline: float) -> float:
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("the deadline of the call has passed")
    return left


class _System:
    """The authorities of the system: reading them takes milliseconds, so it is done once. A child of `fork` has its own
    lock, as its parent may have held this one.
    """

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None
        self.renew()

    def renew(self) -> None:
        self._lock = threading.Lock()

    def context(self) -> ssl.SSLContext:
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context()
                self._context.set_alpn_protocols(["http/1.1"])
            return self._context


_system = _System()
os.register_at_fork(after_in_child=_system.renew)
