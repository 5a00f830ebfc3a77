"""Whoever logs whatever: one line of JSON, with its context, without people or secrets."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from config.logs import OnlyExceptions, dict_config, formatter
from kernel import trace


class Lines:
    """What was written, as parsed lines."""

    def __init__(self, *, console: bool = False) -> None:
        self.out = io.StringIO()
        self.log = logging.getLogger("tests.lines")
        self.handler = logging.StreamHandler(self.out)
        self.handler.setFormatter(formatter(console=console))
        self.log.addHandler(self.handler)
        self.log.setLevel(logging.INFO)

    @property
    def parsed(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.getvalue().splitlines()]


@pytest.fixture
def lines() -> Iterator[Lines]:
    made = Lines()
    yield made
    made.log.removeHandler(made.handler)


@pytest.fixture
def terminal() -> Iterator[Lines]:
    made = Lines(console=True)
    yield made
    made.log.removeHandler(made.handler)


def test_a_line_is_an_event_its_moment_and_its_fields(lines: Lines) -> None:
    lines.log.info("delivery.sent", extra={"channel": "email", "attempt": 2})

    (line,) = lines.parsed
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "delivery.sent",
        "level": "info",
        "logger": "tests.lines",
        "channel": "email",
        "attempt": 2,
    }


def test_structlog_writes_the_same(lines: Lines) -> None:
    structlog.get_logger("tests.lines").info("delivery.sent", channel="email")

    (line,) = lines.parsed
    assert (line["event"], line["channel"], line["logger"]) == ("delivery.sent", "email", "tests.lines")


def test_a_line_carries_what_it_was_written_for(lines: Lines) -> None:
    mine = trace.fresh(request_id="r1")

    with trace.entered(mine), structlog.contextvars.bound_contextvars(tenant="t1"):
        lines.log.info("thing.done")

    (line,) = lines.parsed
    assert (line["trace_id"], line["request_id"], line["tenant"]) == (mine.trace_id, "r1", "t1")


def test_people_and_secrets_are_masked_wherever_they_are(lines: Lines) -> None:
    try:
        raise ValueError("no mailbox ana@example.org")
    except ValueError:
        lines.log.exception("mail %s failed", "bob@example.org", extra={"to": ["+33612345678"], "password": "hunter2"})

    (line,) = lines.parsed
    text = lines.out.getvalue()
    assert line["event"] == "mail b•••@example.org failed"
    assert line["to"] == ["+33••••••678"]
    assert line["password"] == "[hidden]"
    assert "ValueError: no mailbox a•••@example.org" in line["exception"]
    assert not any(found in text for found in ("ana@", "bob@", "hunter2", "612345678"))


@pytest.mark.parametrize(
    "injected", ['x\n{"event":"forged"}', "x\r\nforged", "x\u2028forged", "x\x85forged", 'x","event":"forged']
)
def test_a_value_cannot_begin_a_line_of_its_own(lines: Lines, injected: str) -> None:
    lines.log.info("thing.done", extra={"value": injected})
    lines.log.info(injected)

    first, second = lines.parsed
    assert (first["event"], first["value"]) == ("thing.done", injected)
    assert second["event"] == injected
    assert lines.out.getvalue().count("\n") == 2


def test_a_field_cannot_pass_for_the_lines_own(lines: Lines) -> None:
    lines.log.info("thing.done", extra={"level": "critical", "at": "never", "event": "forged"})

    (line,) = lines.parsed
    assert (line["event"], line["level"]) == ("thing.done", "info")
    assert line["at"] != "never"


@pytest.mark.parametrize("odd", ["half \ud800 a pair", 2**70, float("inf"), b"bytes", {1, 2}, object])
def test_odd_values_are_written_somehow(lines: Lines, odd: object) -> None:
    lines.log.info("thing.done", extra={"value": odd})

    (line,) = lines.parsed
    assert line["event"] == "thing.done"
    assert "value" in line


@pytest.mark.parametrize("injected", ["x\nforged", "x\x1b[31mred", "x\rforged", "x\u2028forged"])
def test_on_a_terminal_a_value_stays_on_its_line_and_in_its_colour(terminal: Lines, injected: str) -> None:
    terminal.log.info(injected, extra={"value": injected})

    written = terminal.out.getvalue()
    assert len(written.splitlines()) == 1
    assert "\x1b[31mred" not in written


def test_an_exception_on_a_terminal_keeps_its_lines(terminal: Lines) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        terminal.log.exception("it.broke")

    assert len(terminal.out.getvalue().splitlines()) > 3


def test_everybody_who_logs_goes_our_way() -> None:
    config = dict_config(console=False, level="INFO", stream="ext://sys.stdout")

    strangers = {
        name: settings for name, settings in config["loggers"].items() if name.startswith(("gun", "uvi", "cel"))
    }
    assert config["root"] == {"handlers": ["out"], "level": "INFO"}
    assert {"gunicorn.error", "uvicorn", "uvicorn.error", "uvicorn.access", "celery"} <= set(strangers)
    assert all(settings["handlers"] == [] and settings["propagate"] for settings in strangers.values())
    assert config["disable_existing_loggers"] is False


def test_djangos_own_line_about_a_status_is_left_out_but_not_an_exception() -> None:
    plain = logging.makeLogRecord({"msg": "Not Found: /x"})
    broken = logging.makeLogRecord({"msg": "Internal Server Error", "exc_info": (ValueError, ValueError("x"), None)})

    assert [OnlyExceptions().filter(record) for record in (plain, broken)] == [False, True]
