"""What a line of the log counts for."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from analytics.rules.rollups import ENDS, OUTCOMES, rolled_up
from analytics.values import Cell, Figures, Origin
from events.values import LoggedEvent
from notifications.rules.states import LEGAL, OPEN

AT = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
TENANT, NOTIFICATION = UUID(int=1), UUID(int=2)
ORIGIN = Origin(type="order", strategy="sequential", wanted_at=AT - timedelta(milliseconds=1500))


def line(kind: str = "delivery.moved", **given: Any) -> LoggedEvent:
    facts: dict[str, Any] = {
        "id": UUID(int=9),
        "xid": 1,
        "tenant_id": TENANT,
        "kind": kind,
        "at": AT,
        "notification_id": NOTIFICATION,
        "delivery_id": UUID(int=3),
        "reason": "",
        "detail": {},
        "actor": "",
    }
    return LoggedEvent(**{**facts, **given})


def moved(was: str, becomes: str, **given: Any) -> LoggedEvent:
    return line(detail={"from": was, "to": becomes, "channel": "email"}, **given)


def counts(*events: LoggedEvent) -> dict[str, tuple[int, int]]:
    """Count and attempts by outcome, over everything else."""
    found: dict[str, tuple[int, int]] = {}
    for cell, figures in rolled_up(events, {NOTIFICATION: ORIGIN}).items():
        count, attempts = found.get(cell.outcome, (0, 0))
        found[cell.outcome] = count + figures.count, attempts + figures.attempts
    return found


LINES = [
    pytest.param(line("delivery.planned", detail={"to": "pending"}), {"planned": (1, 0)}, id="planned"),
    pytest.param(
        line("delivery.planned", detail={"to": "skipped", "channel": "sms"}),
        {"planned": (1, 0), "skipped": (1, 0)}, id="planned to be skipped",
    ),
    pytest.param(moved("claimed", "sending"), {}, id="a call begins"),
    pytest.param(moved("sending", "sent"), {"sent": (1, 1)}, id="a call ends well"),
    pytest.param(moved("sent", "delivered"), {"delivered": (1, 0)}, id="a receipt comes"),
    pytest.param(moved("sending", "pending"), {"retried": (1, 1)}, id="a call is to be made again"),
    pytest.param(moved("claimed", "pending"), {}, id="a claim is given back"),
    pytest.param(moved("unknown", "pending"), {}, id="an unknown one is taken up again"),
    pytest.param(moved("sending", "unknown"), {"unknown": (1, 1)}, id="an answer is lost"),
    pytest.param(moved("sending", "failed"), {"failed": (1, 1)}, id="a call is refused"),
    pytest.param(moved("sending", "dead"), {"dead": (1, 1)}, id="the last call fails"),
    pytest.param(moved("pending", "skipped"), {"skipped": (1, 0)}, id="a later step is not needed"),
    pytest.param(moved("pending", "expired"), {"expired": (1, 0)}, id="it took too long"),
    pytest.param(
        line("deliveries.cancelled", delivery_id=None, detail={"count": 5, "channels": {"email": 3, "sms": 2}}),
        {"cancelled": (5, 0)}, id="many are called back at once",
    ),
    pytest.param(line("dead_letter.replayed", detail={"from": "dead", "to": "pending"}), {}, id="replayed"),
    pytest.param(line("notification.accepted", detail={"recipients": 3}), {}, id="something is accepted"),
]  # fmt: skip


@pytest.mark.parametrize(("event", "expected"), LINES)
def test_a_line_counts(event: LoggedEvent, expected: dict[str, tuple[int, int]]) -> None:
    assert counts(event) == expected


def test_every_state_in_which_work_ends_is_counted() -> None:
    assert {state.value for state in LEGAL} - {state.value for state in OPEN} <= ENDS
    assert set(OUTCOMES) == ENDS | {"planned", "retried"}


def test_a_cell_is_an_hour_of_a_tenant_a_channel_a_type_and_a_strategy() -> None:
    (found,) = rolled_up([moved("sending", "sent"), moved("sending", "sent")], {NOTIFICATION: ORIGIN}).items()

    hour = datetime(2026, 11, 20, 12, tzinfo=UTC)
    cell = Cell(tenant_id=TENANT, hour=hour, channel="email", type="order", strategy="sequential", outcome="sent")
    assert found == (cell, Figures(count=2, attempts=2, timed=2, latency_ms=3000))


def test_another_hour_tenant_or_channel_is_another_cell() -> None:
    others = (
        moved("sending", "sent"),
        moved("sending", "sent", at=AT + timedelta(minutes=30)),
        moved("sending", "sent", tenant_id=UUID(int=7)),
        line(detail={"from": "sending", "to": "sent", "channel": "sms"}),
    )

    assert [figures.count for figures in rolled_up(others, {NOTIFICATION: ORIGIN}).values()] == [1, 1, 1, 1]


def test_hours_are_those_of_utc() -> None:
    in_delhi = AT.astimezone(datetime.fromisoformat("2026-11-20T18:00+05:30").tzinfo)

    (cell,) = rolled_up([moved("sending", "sent", at=in_delhi)], {})

    assert cell.hour == datetime(2026, 11, 20, 12, tzinfo=UTC)
    assert cell.hour.utcoffset() == timedelta()


def test_what_is_gone_is_counted_without_type_and_latency() -> None:
    ((cell, figures),) = rolled_up([moved("sending", "sent")], {}).items()

    assert (cell.type, cell.strategy, figures) == ("", "", Figures(count=1, attempts=1))


def test_what_each_person_hears_at_another_time_has_no_latency() -> None:
    local = {NOTIFICATION: Origin(type="", strategy="", wanted_at=None)}

    (figures,) = rolled_up([moved("sending", "sent")], local).values()

    assert (figures.count, figures.timed, figures.latency_ms) == (1, 0, 0)


def test_latency_is_never_less_than_nothing() -> None:
    (figures,) = rolled_up([moved("sending", "sent", at=AT - timedelta(hours=1))], {NOTIFICATION: ORIGIN}).values()

    assert (figures.timed, figures.latency_ms) == (1, 0)


def test_counting_in_batches_comes_to_the_same() -> None:
    events = [moved("sending", becomes) for becomes in ("sent", "failed", "sent", "pending", "dead", "sent")]
    whole = rolled_up(events, {NOTIFICATION: ORIGIN})

    for size in (1, 2, 4):
        total: dict[Cell, list[int]] = {}
        for start in range(0, len(events), size):
            for cell, found in rolled_up(events[start : start + size], {NOTIFICATION: ORIGIN}).items():
                figures = (found.count, found.attempts, found.timed, found.latency_ms)
                total[cell] = [a + b for a, b in zip(total.get(cell, [0, 0, 0, 0]), figures, strict=True)]
        assert total == {cell: [f.count, f.attempts, f.timed, f.latency_ms] for cell, f in whole.items()}
