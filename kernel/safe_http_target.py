"""Where a URL of a stranger leads: read once, resolved once, every answer judged."""

import os
import re
import socket
import threading
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import SplitResult, urlsplit

import idna

from kernel.clock import monotonic
from kernel.safe_http_addresses import why_denied

PORTS = (443, 8443)
DEFAULT_PORTS = {"https": 443, "http": 80}
LOOKUPS = 64  # at a time; a lookup that hangs keeps its thread until the resolver gives up

_VISIBLE = re.compile(r"[!-~]*")
_HOST = re.compile(r"[a-z0-9._-]{1,253}")
_NUMBER = re.compile(
    r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?"
)  # ends in a number, so it is an address: url.spec.whatwg.org, 3.5


class Blocked(Exception):
    """The URL may not be called; nothing was sent to it. `code` is stable, the message repeats nothing of the URL."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` is in ASCII, without brackets."""

    secure: bool
    host: str
    port: int
    path: str  # with the query; begins with a slash
    excepted: bool  # the operator named this host and port, so it may be anywhere

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS["https" if self.secure else "http"] else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Place:
    """One socket address that was judged and may be dialled."""

    family: int
    address: tuple[Any, ...]  # as getaddrinfo gave it


def read_target(url: str, *, allow: frozenset[str]) -> Target:
    """Take a URL apart. `allow` names exceptions as `host:port`, `[::1]:8025`. Raises Blocked."""
    parts = _parts(url)
    host = _host(parts)
    try:
        port = parts.port
    except ValueError:
        raise Blocked("bad_url", "its port is not a number from 0 to 65535") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise Blocked("scheme_not_allowed", "only https URLs are called")
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    excepted = f"{f'[{host}]' if ':' in host else host}:{port}" in allow
    if parts.scheme != "https" and not excepted:
        raise Blocked("scheme_not_allowed", "only https URLs are called; EGRESS_ALLOW can except a host:port")
    if port not in PORTS and not excepted:
        raise Blocked("port_not_allowed", f"only the ports {PORTS} are called; EGRESS_ALLOW can except a host:port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", host, port, path, excepted)


def places_of(target: Target, *, deadline: float) -> tuple[Place, ...]:
    """Where the host is, asked once, by a monotonic `deadline`. One answer that may not be called blocks all of them.

    Raises Blocked, TimeoutError, or OSError when there is no such host.
    """
    places = _Lookup(target.host, target.port).wait(deadline)
    if not places:
        raise OSError("the host has no address")
    if not target.excepted:
        for place in places:
            check_public(str(place.address[0]))
    return places


def check_public(address: str) -> None:
    """Raise Blocked unless this address is public."""
    if why := why_denied(address):
        raise Blocked("address_not_public", f"it leads to an address that is not public ({why})")


def _parts(url: str) -> SplitResult:
    if "\\" in url or not all(character.isprintable() and character != " " for character in url):
        raise Blocked("bad_url", "it holds spaces, backslashes or control characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Blocked("bad_url", "it is not a URL") from None
    if "@" in parts.netloc:
        raise Blocked("userinfo_not_allowed", "it carries a user name or password")
    if not _VISIBLE.fullmatch(parts.path + parts.query):
        raise Blocked("bad_url", "its path has characters that must be percent-encoded")
    return parts


def _host(parts: SplitResult) -> str:
    try:
        host = parts.hostname or ""
        if parts.netloc.startswith("["):
            return str(IPv6Address(host))
        if not host.isascii():
            host = idna.encode(host, uts46=True).decode("ascii").lower()
        if _NUMBER.fullmatch(host):
            return str(IPv4Address(host))  # `127.1` and `0x7f.1` are addresses to some and names to others
    except (ValueError, UnicodeError):
        raise Blocked("bad_url", "its host is neither a name nor an address") from None
    if not _HOST.fullmatch(host):
        raise Blocked("bad_url", "its host is neither a name nor an address")
    return host


class _Lookup:
    """One question to the resolver in a thread of its own: getaddrinfo knows no time-out."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._done = threading.Event()
        self._found: tuple[Place, ...] = ()
        self._trouble: OSError | None = None

    def wait(self, deadline: float) -> tuple[Place, ...]:
        """The answers by a monotonic `deadline`. Raises TimeoutError or OSError."""
        slots = _slots.free
        if not slots.acquire(timeout=max(deadline - monotonic(), 0)):
            raise TimeoutError("too many lookups are under way")
        threading.Thread(target=self._ask, args=(slots,), name="lookup", daemon=True).start()
        if not self._done.wait(max(deadline - monotonic(), 0)):
            raise TimeoutError("the name was not resolved in time")
        if self._trouble is not None:
            raise self._trouble
        return self._found

    def _ask(self, slots: threading.Semaphore) -> None:
        try:
            answers = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._found = tuple(dict.fromkeys(Place(int(family), address) for family, _, _, _, address in answers))
        except OSError as trouble:
            self._trouble = trouble
        except UnicodeError:
            self._trouble = OSError("the host is not a name that can be asked for")
        finally:
            slots.release()
            self._done.set()


class _Slots:
    """A child of `fork` begins with all slots free: the lookups under way are its parent's."""

    def __init__(self) -> None:
        self.renew()

    def renew(self) -> None:
        self.free = threading.Semaphore(LOOKUPS)


_slots = _Slots()
os.register_at_fork(after_in_child=_slots.renew)
