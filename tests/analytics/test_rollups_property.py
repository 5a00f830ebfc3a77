"""Whatever happens, in whatever order it is written and read: every answer is what a count of the log by hand says."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.models import LatencyCount, OutcomeCount
from analytics.rules.rollups import GRAINS
from analytics.rules.stretches import ceiling, floor
from analytics.selectors import Asked, counted, counted_with_latency
from events.services import record
from events.values import NewEvent
from kernel.ids import uuid7
from tests.analytics.by_hand import Counted, buckets_of, everything, rows_of
from tests.analytics.conftest import a_notification, read_all
from tests.log_reading import wait_until_readable

pytestmark = pytest.mark.django_db(transaction=True)

# Two days and a half with the night in which Europe and Lord Howe, which goes by half an hour, change their clocks.
BEGIN = datetime(2026, 10, 3, 6, 17, tzinfo=UTC)
MINUTES = 60 * 60
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe",
         "Pacific/Kiritimati", "Pacific/Marquesas", "America/St_Johns", "Pacific/Pago_Pago")  # fmt: skip
STATES = ("pending", "claimed", "sending", "sent", "delivered", "bounced", "failed", "dead", "skipped", "unknown")
DEEDS = ("delivery.opened", "delivery.clicked", "inbox.seen", "delivery.converted", "delivery.complained")

moments = st.integers(0, MINUTES * 60_000).map(lambda ms: BEGIN + timedelta(milliseconds=ms))
abouts = st.fixed_dictionaries(
    {
        "type": st.sampled_from(("order", "sale")),
        "strategy": st.sampled_from(("immediate", "smart")),
        "mode": st.sampled_from(("live", "live", "test")),
        "at": moments,
        "wait": st.sampled_from((None, 0, 90, -5)),
        "local": st.booleans(),
    }
)
moves = st.fixed_dictionaries(
    {
        "kind": st.just("delivery.moved"),
        "detail": st.fixed_dictionaries(
            {
                "from": st.sampled_from(STATES),
                "to": st.sampled_from(STATES),
                "channel": st.sampled_from(("email", "sms")),
            },
            optional={"cost_micros": st.integers(1, 10**9), "currency": st.sampled_from(("EUR", "USD"))},
        ),
    }
)
others = st.one_of(
    st.fixed_dictionaries(
        {
            "kind": st.just("delivery.planned"),
            "detail": st.fixed_dictionaries(
                {"to": st.sampled_from(("pending", "skipped")), "channel": st.just("push")}
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(DEEDS),
            "reason": st.sampled_from(("", "automated")),
            "detail": st.sampled_from(({}, {"channel": "email"})),
        }
    ),
    st.just({"kind": "deliveries.cancelled", "detail": {"count": 3, "channels": {"email": 2, "sms": 1}}}),
    st.just({"kind": "suppression.added", "reason": "unsubscribe", "detail": {"channel": "sms"}}),
)
lines = st.lists(
    st.tuples(moments, st.integers(0, 4), st.integers(0, 5), st.one_of(moves, moves, others)), min_size=1, max_size=40
)


@given(
    abouts=st.lists(abouts, min_size=4, max_size=4),
    lines=lines,
    written=st.integers(1, 7),
    batch=st.integers(1, 9),
    zone=st.sampled_from(ZONES),
    span=st.tuples(moments, moments),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_answer_is_what_a_count_by_hand_says(
    tenant_id: UUID,
    abouts: list[dict[str, Any]],
    lines: list[Any],
    written: int,
    batch: int,
    zone: str,
    span: tuple[datetime, datetime],
) -> None:
    forget()
    happen(tenant_id, abouts, lines, at_once=written)

    assert read_all(batch=batch) == len(lines)
    assert read_all(batch=batch) == 0

    told = everything()
    assert grains() == {minutes: rows_of(told, minutes) for minutes in GRAINS}
    clock = ZoneInfo(zone)
    since, until = floor(min(span), zone=clock), ceiling(max(span), zone=clock) + timedelta(hours=1)
    for mode in ("live", "test"):
        within = [one for one in told if one.mode == mode and since <= one.at < until]
        answers_agree(Asked(tenant_id, mode, since, until, clock), within)

    whole = [*OutcomeCount.objects.order_by("pk").values_list(), *LatencyCount.objects.order_by("pk").values_list()]
    wait_until_readable()
    call_command("rebuild_rollups", stdout=StringIO())
    again = [*OutcomeCount.objects.order_by("pk").values_list(), *LatencyCount.objects.order_by("pk").values_list()]
    assert again == whole


def answers_agree(asked: Asked, within: list[Counted]) -> None:
    def numbers(by: Any) -> dict[Any, Counter[str]]:
        found: dict[Any, Counter[str]] = defaultdict(Counter)
        for one in within:
            found[by(one)][one.outcome] += one.number
        return dict(found)

    def asked_for(**how: Any) -> dict[Any, Counter[str]]:
        whole = Asked(asked.tenant_id, asked.mode, asked.since, asked.until, asked.zone, **how)
        return {
            group.key: Counter({name: found.count for name, found in group.figures.outcomes.items()})
            for group in counted(whole)
        }

    hour = timedelta(hours=1)
    by_hour = numbers(lambda one: (asked.since + (one.at - asked.since) // hour * hour,))
    assert asked_for() == numbers(lambda _: ())
    assert asked_for(by=("type", "channel")) == numbers(lambda one: (one.type, one.channel))
    assert asked_for(time="day") == numbers(lambda one: (one.at.astimezone(asked.zone).date().isoformat(),))
    assert asked_for(time="hour") == {(f"{moment:%Y-%m-%dT%H:%M:%SZ}",): n for (moment,), n in by_hour.items()}
    assert asked_for(only={"channel": "sms"}) == (
        {(): n} if (n := Counter({o: c for o, c in by_channel(within, "sms").items() if c})) else {}
    )
    groups = counted_with_latency(asked)
    assert [Counter(group.figures.took) for group in groups] == [buckets_of(within) for _ in groups]
    charged: Counter[str] = Counter()
    for one in within:
        charged[one.currency] += one.cost_micros
    assert {currency: cost.micros for group in groups for currency, cost in group.figures.costs.items()} == {
        currency: micros for currency, micros in charged.items() if currency
    }


def by_channel(within: list[Counted], channel: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in within:
        if one.channel == channel:
            found[one.outcome] += one.number
    return found


def happen(tenant_id: UUID, abouts: list[dict[str, Any]], lines: list[Any], *, at_once: int) -> None:
    """Write the lines, so many in one transaction; about the last of the notifications nothing is known."""
    ids = [
        a_notification(
            tenant_id,
            at=one["at"],
            type=one["type"],
            strategy=one["strategy"],
            mode=one["mode"],
            scheduled_at=None if one["wait"] is None else one["at"] + timedelta(minutes=one["wait"]),
            scheduled_local="2026-10-04T09:00:00" if one["local"] else "",
        )
        for one in abouts
    ]
    ids.append(uuid7(BEGIN))
    deliveries = [uuid7(BEGIN) for _ in range(6)]
    for first in range(0, len(lines), at_once):
        record(list(_events(tenant_id, lines[first : first + at_once], ids, deliveries)))


def _events(tenant_id: UUID, lines: list[Any], ids: list[UUID], deliveries: list[UUID]) -> Iterator[NewEvent]:
    for moment, about, delivery, line in lines:
        whose = (None, None) if line["kind"] == "suppression.added" else (ids[about], deliveries[delivery])
        yield NewEvent(tenant_id, line["kind"], moment, *whose, line.get("reason", ""), line["detail"])


def grains() -> dict[int, dict[tuple[Any, ...], tuple[int, ...]]]:
    found: dict[int, dict[tuple[Any, ...], tuple[int, ...]]] = {minutes: {} for minutes in GRAINS}
    for row in OutcomeCount.objects.all():
        key = (row.tenant_id, row.mode, row.starts_at, row.channel, row.type, row.strategy, row.outcome, row.currency)
        found[row.minutes][key] = (row.count, row.attempts, row.timed, row.latency_ms, row.cost_micros)
    return found


def forget() -> None:
    """Begin every example with nothing."""
    with connection.cursor() as cursor:
        for table in ("events_event", "events_cursor", "notifications_notification", "analytics_outcomecount",
                      "analytics_latencycount"):  # fmt: skip
            cursor.execute(f"DELETE FROM {table}")
