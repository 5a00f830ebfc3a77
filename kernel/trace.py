"""Which request or task we are working for: the W3C trace context and the request id, carried by the current context.

The form of `traceparent` is that of www.w3.org/TR/trace-context-1 sections 3.2 and 4.3, read 2026-11.
"""

import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

_HEADER = re.compile(r"(?P<version>[0-9a-f]{2})-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_SAMPLED = 0x01


@dataclass(frozen=True, slots=True)
class Trace:
    """`trace_id` names the whole journey (32 hex digits), `span_id` this step of it (16), as `traceparent` has them."""

    trace_id: str
    span_id: str
    sampled: bool
    request_id: str = ""

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"


def fresh(*, request_id: str = "") -> Trace:
    """A journey that begins here; not sampled, since nobody asked for it."""
    return Trace(trace_id=_hex(16), span_id=_hex(8), sampled=False, request_id=request_id)


def continued(traceparent: str, *, request_id: str = "") -> Trace:
    """The next step of the journey that `traceparent` names; a fresh one when it is absent or not valid."""
    shape = _HEADER.match(traceparent)
    if shape is None or not _is_valid(shape, rest=traceparent[shape.end() :]):
        return fresh(request_id=request_id)
    sampled = bool(int(shape["flags"], 16) & _SAMPLED)
    return Trace(trace_id=shape["trace"], span_id=_hex(8), sampled=sampled, request_id=request_id)


def request_id_from(given: str) -> str:
    """The id that the caller gave its request; one of ours when there is none, or none that fits in logs."""
    return given if _REQUEST_ID.fullmatch(given) else _hex(16)


def current() -> Trace | None:
    """The trace of this thread's or task's work; `None` outside any."""
    return _current.get()


@contextmanager
def entered(trace: Trace) -> Iterator[Trace]:
    """Work for `trace` inside the block."""
    token = _current.set(trace)
    try:
        yield trace
    finally:
        _current.reset(token)


def provider_traceparent() -> str:
    """What outgoing calls carry; empty outside any trace."""
    running = _running_span()
    if running:
        return running
    trace = _current.get()
    return trace.traceparent if trace else ""


def ask_for_running_span(source: Callable[[], str]) -> None:
    """Let a tracing library say the `traceparent` of its running span (empty for none); it wins over our own."""
    global _running_span
    _running_span = source


def _no_span() -> str:
    return ""


def _is_valid(shape: re.Match[str], *, rest: str) -> bool:
    """Version ff is forbidden; version 00 has nothing after the flags, a later one may, after a dash; no id is zero."""
    if shape["version"] == "ff" or (rest and (shape["version"] == "00" or not rest.startswith("-"))):
        return False
    return bool(int(shape["trace"], 16) and int(shape["span"], 16))


def _hex(size: int) -> str:
    return secrets.token_hex(size)


_current: ContextVar[Trace | None] = ContextVar("carillon_trace", default=None)
_running_span: Callable[[], str] = _no_span
