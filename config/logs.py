"""How everything that is logged comes out: one line each, JSON unless on a terminal, scrubbed of addresses and secrets.

Ours, Django's, Celery's, gunicorn's and uvicorn's lines all take this way. A line is an event name and fields:
`log.info("delivery.sent", extra={...})`, or the same with structlog.
"""

import json
import logging
import logging.config
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, WrappedLogger

from kernel.scrubbing import scrub_named
from kernel.trace import current

_OURS = ("event", "level", "at", "logger")  # written by this module, never by strangers
_OF_EVERY_RECORD = frozenset((*logging.makeLogRecord({}).__dict__, "message", "asctime"))
_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"}
_LINE_ENDS = {ord("\n"): "\\n", ord("\t"): "\\t", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_ALSO_LINE_ENDS = {code: f"\\u{code:04x}" for code in (0x85, 0x2028, 0x2029)}  # for some who read logs
_QUIETER = {
    "celery.app.trace": "WARNING",  # a line per bell says nothing
    "celery.worker.strategy": "WARNING",
    "uvicorn.access": "WARNING",
}
_THROUGH_US = ("celery", "django", "django.server", "gunicorn.access", "gunicorn.error", "uvicorn", "uvicorn.error")


def dict_config(*, console: bool, level: str, stream: str) -> dict[str, Any]:
    """The value of Django's LOGGING. `stream` is where lines go, as `logging.config` names it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"carillon": {"()": "config.logs.formatter", "console": console}},
        "filters": {"exceptions": {"()": "config.logs.OnlyExceptions"}},
        "handlers": {"out": {"class": "logging.StreamHandler", "stream": stream, "formatter": "carillon"}},
        "root": {"handlers": ["out"], "level": level},
        "loggers": {
            **{name: {"handlers": [], "propagate": True} for name in _THROUGH_US},
            **{name: {"handlers": [], "propagate": True, "level": floor} for name, floor in _QUIETER.items()},
            "django.request": {"filters": ["exceptions"]},
        },
    }


class OnlyExceptions(logging.Filter):
    """Leaves out what the request's own line says already: that its status was 404 or 503."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


def configure(config: Mapping[str, Any]) -> None:
    """Django's LOGGING_CONFIG: set up the standard library and structlog alike."""
    logging.config.dictConfig(dict(config))
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_logger_name,
            *_context(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def formatter(*, console: bool) -> logging.Formatter:
    """What turns a record of any logger into a line."""
    render: Any = structlog.dev.ConsoleRenderer(timestamp_key="at") if console else _json
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_add_extra, structlog.stdlib.add_logger_name, *_context()],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _scrubbed,
            *([_harmless_on_a_terminal] if console else []),
            render,
        ],
    )


def _context() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _add_trace,
    ]


def _add_extra(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The `extra` of the standard library. It cannot take the place of the event's own name."""
    for name, value in event["_record"].__dict__.items():
        if name not in _OF_EVERY_RECORD:
            event.setdefault(name, value)
    return event


def _add_trace(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    trace = current()
    if trace is not None:
        event.setdefault("trace_id", trace.trace_id)
        if trace.request_id:
            event.setdefault("request_id", trace.request_id)
    return event


def _scrubbed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {name: value if name in _OURS[1:] else scrub_named(name, value) for name, value in event.items()}


def _harmless_on_a_terminal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """No control characters, and line ends only where we made them: in the trace of an exception."""
    return {
        name: value.translate(_CONTROL if name == "exception" else _CONTROL | _LINE_ENDS)
        if isinstance(value, str)
        else value
        for name, value in event.items()
    }


def _json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    ordered = {name: event.pop(name) for name in ("at", "level", "event") if name in event} | dict(event)
    try:
        line = msgspec.json.encode(ordered).decode()
    except (UnicodeEncodeError, OverflowError):
        return json.dumps(ordered)  # half a surrogate pair, or a number beyond 64 bits
    return line if line.isascii() else line.translate(_ALSO_LINE_ENDS)
