"""Tries and successes are counted once, where and when they belong, and become evidence."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics import consumers
from analytics.models import EngagementProfile, EngagementTally, Try
from analytics.selectors_engagement import evidence_of
from audience.models import Recipient
from audience.services import upsert_recipients
from audience.values import RecipientInput
from events.consumers import Stretch
from events.models import Event
from events.services import record
from events.values import NewEvent
from kernel.ids import derived, uuid7
from notifications.models import Delivery
from orchestrator.catalogue import evidence_for
from orchestrator.rules.bandit import ChannelEvidence
from tenants.scope import tenant_scope

HOUR = timedelta(hours=1)
THE_LOG = Stretch(after=(0, UUID(int=0)), until=(2**62, UUID(int=2**128 - 1)))
pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(tenant_id: UUID) -> UUID:
    return a_person(tenant_id, "ana", timezone="Asia/Kolkata")


def a_person(tenant_id: UUID, name: str, **facts: Any) -> UUID:
    return upsert_recipients(
        tenant_id=tenant_id, recipients=[RecipientInput(id=name, **facts)], at=datetime.now().astimezone()
    )[name]


def a_delivery(tenant_id: UUID, recipient_id: UUID, *, at: datetime, channel: str = "email", **facts: Any) -> UUID:
    notification_id = uuid7(at)
    row = Delivery(
        id=derived(notification_id, recipient_id, channel, uuid4()),
        tenant_id=tenant_id,
        notification_id=notification_id,
        recipient_id=recipient_id,
        channel=channel,
        state="sent",
        sent_at=at,
        provider_message_id="m-1",
        lane=2,
        priority=2,
        created_at=at,
        **facts,
    )
    row.save(force_insert=True)
    return row.id


def moved(tenant_id: UUID, delivery_id: UUID, to: str, *, at: datetime) -> NewEvent:
    return NewEvent(tenant_id, "delivery.moved", at, None, delivery_id, detail={"to": to})


def told(tenant_id: UUID, delivery_id: UUID, kind: str, *, at: datetime, reason: str = "") -> NewEvent:
    return NewEvent(tenant_id, kind, at, None, delivery_id, reason, actor="provider")


def write(lines: Sequence[NewEvent]) -> None:
    """Have these lines in the log, and no others."""
    Event.objects.all().delete()
    record(lines)


def learn_from(lines: Sequence[NewEvent]) -> None:
    write(lines)
    consumers.learn_from(THE_LOG)


def tallies() -> dict[tuple[str, str, int], tuple[float, float]]:
    return {
        (row.segment, row.channel, row.hour): (round(row.tries, 3), round(row.successes, 3))
        for row in EngagementTally.objects.all()
    }


def test_a_message_counts_as_one_try_and_one_success_at_the_recipients_hour(
    tenant_id: UUID, ana: UUID, at: datetime
) -> None:
    delivery = a_delivery(tenant_id, ana, at=at)

    learn_from([
        moved(tenant_id, delivery, "sent", at=at),
        moved(tenant_id, delivery, "delivered", at=at + HOUR),
        told(tenant_id, delivery, "delivery.opened", at=at + HOUR),
        told(tenant_id, delivery, "delivery.clicked", at=at + HOUR),
    ])  # fmt: skip
    learn_from([told(tenant_id, delivery, "delivery.opened", at=at + 2 * HOUR)])
    learn_from([moved(tenant_id, delivery, "sent", at=at + 3 * HOUR)])  # replayed

    friday_at_half_past_five = 4 * 24 + 17
    assert tallies() == {
        ("*", "email", -1): (1, 1),
        ("new", "email", -1): (1, 1),
        ("new", "email", friday_at_half_past_five): (1, 1),
    }
    profile = EngagementProfile.objects.get()
    assert (profile.recipient_id, profile.segment) == (ana, "new")
    assert [round(count, 2) for count in profile.channels["email"]] == [1, 1]
    assert list(profile.parts) == ["evening"]


@pytest.mark.parametrize(
    ("lines", "successes"),
    [
        pytest.param([("inbox.read", "", 0)], 1, id="read"),
        pytest.param([("delivery.clicked", "", 0)], 1, id="clicked"),
        pytest.param([("delivery.opened", "automated", 0)], 0, id="opened by a machine"),
        pytest.param([("delivery.opened", "automated", 0), ("delivery.opened", "", 1)], 1, id="machine, then person"),
        pytest.param([("inbox.seen", "", 0)], 0, id="only seen"),
        pytest.param([("delivery.complained", "", 0)], 0, id="complained"),
        pytest.param([("delivery.opened", "", 8)], 0, id="too late"),
    ],
)
def test_what_is_a_success(
    tenant_id: UUID, ana: UUID, at: datetime, lines: list[tuple[str, str, int]], successes: int
) -> None:
    delivery = a_delivery(tenant_id, ana, at=at)
    learn_from([moved(tenant_id, delivery, "sent", at=at)])

    learn_from([
        told(tenant_id, delivery, kind, at=at + timedelta(days=days), reason=reason) for kind, reason, days in lines
    ])  # fmt: skip

    assert tallies()["new", "email", -1][1] == successes


def test_a_success_is_counted_where_its_try_was_whoever_they_have_become(
    tenant_id: UUID, ana: UUID, at: datetime
) -> None:
    first = a_delivery(tenant_id, ana, at=at)
    learn_from([moved(tenant_id, first, "sent", at=at)])
    for _ in range(7):
        read = a_delivery(tenant_id, ana, at=at)
        learn_from([moved(tenant_id, read, "sent", at=at), told(tenant_id, read, "delivery.opened", at=at)])
    assert EngagementProfile.objects.get().segment == "email/often/evening"

    learn_from([told(tenant_id, first, "delivery.opened", at=at)])

    assert all(successes <= tries for tries, successes in tallies().values())
    assert tallies()["*", "email", -1] == (8, 8)


def test_test_messages_and_unknown_ones_teach_nothing(tenant_id: UUID, ana: UUID, at: datetime) -> None:
    rehearsal = a_delivery(tenant_id, ana, at=at, mode="test")

    learn_from([
        moved(tenant_id, rehearsal, "sent", at=at),
        told(tenant_id, rehearsal, "delivery.opened", at=at),
        moved(tenant_id, uuid7(at), "sent", at=at),
        moved(tenant_id, a_delivery(tenant_id, ana, at=at), "failed", at=at),
    ])  # fmt: skip

    assert (Try.objects.count(), tallies()) == (0, {})


def test_the_past_fades_by_half_in_sixty_days(tenant_id: UUID, ana: UUID, at: datetime) -> None:
    for moment in (at, at + timedelta(days=60)):
        learn_from([moved(tenant_id, a_delivery(tenant_id, ana, at=at), "sent", at=moment)])

    assert tallies()["*", "email", -1] == (1.5, 0)
    assert Try.objects.count() == 1  # the first can succeed no more
    (evidence,) = evidence_of([(tenant_id, ana)], at=at + timedelta(days=120)).values()
    assert (evidence["email"].tenant, evidence["email"].own) == ((0.75, 0.0), (0.75, 0.0))


def test_erasing_somebody_takes_their_history_and_leaves_the_counts(tenant_id: UUID, ana: UUID, at: datetime) -> None:
    learn_from([moved(tenant_id, a_delivery(tenant_id, ana, at=at), "sent", at=at)])

    Recipient.objects.filter(id=ana).delete()

    assert (Try.objects.count(), EngagementProfile.objects.count(), len(tallies())) == (0, 0, 3)


def test_evidence_is_what_is_known_of_the_person_of_those_alike_and_of_everybody(
    tenant_id: UUID, other_tenant_id: UUID, ana: UUID, at: datetime
) -> None:
    bob, eve = a_person(tenant_id, "bob"), a_person(other_tenant_id, "eve")
    for tenant, person, channel in ((tenant_id, ana, "email"), (tenant_id, bob, "push"), (other_tenant_id, eve, "sms")):
        delivery = a_delivery(tenant, person, at=at, channel=channel)
        learn_from([moved(tenant, delivery, "sent", at=at), told(tenant, delivery, "delivery.clicked", at=at)])

    found = evidence_of([(tenant_id, ana), (tenant_id, bob)], at=at)

    one = (1.0, 1.0)
    assert found == {
        (tenant_id, ana): {
            "email": ChannelEvidence(tenant=one, alike=one, own=one, hours={"weekday-15": one}, segment="new"),
            "push": ChannelEvidence(tenant=one, alike=one, hours={"weekday-12": one}, segment="new"),
        },
        (tenant_id, bob): {
            "email": ChannelEvidence(tenant=one, alike=one, hours={"weekday-15": one}, segment="new"),
            "push": ChannelEvidence(tenant=one, alike=one, own=one, hours={"weekday-12": one}, segment="new"),
        },
    }
    assert evidence_for([(tenant_id, ana)], at=at) == {(tenant_id, ana): found[tenant_id, ana]}
    with tenant_scope(other_tenant_id):
        assert evidence_of([(tenant_id, ana)], at=at) == {(tenant_id, ana): {}}


def test_statements_do_not_grow_with_the_batch(
    tenant_id: UUID, at: datetime, django_assert_num_queries: Callable[..., Any]
) -> None:
    people = [a_person(tenant_id, f"p{number}") for number in range(12)]

    def lines(of: Iterable[UUID]) -> list[NewEvent]:
        deliveries = [a_delivery(tenant_id, person, at=at) for person in of]
        return [moved(tenant_id, id, "sent", at=at) for id in deliveries] + [
            told(tenant_id, id, "delivery.opened", at=at) for id in deliveries
        ]

    few, many = lines(people[:1]), lines(people)
    for told_of in (few, many):
        write(told_of)
        with django_assert_num_queries(8):  # read, look, profiles, tries, successes, profiles, tallies, purge
            consumers.learn_from(THE_LOG)
    with django_assert_num_queries(2):
        evidence_of([(tenant_id, person) for person in people], at=at)
    write([told(tenant_id, uuid4(), "delivery.planned", at=at)])
    with django_assert_num_queries(1):
        consumers.learn_from(THE_LOG)


def test_operators_say_how_fast_the_past_fades(tenant_id: UUID, ana: UUID, at: datetime, settings: Any) -> None:
    settings.ORCHESTRATOR = replace(settings.ORCHESTRATOR, engagement_half_life_days=30)
    learn_from([moved(tenant_id, a_delivery(tenant_id, ana, at=at), "sent", at=at)])

    (evidence,) = evidence_of([(tenant_id, ana)], at=at + timedelta(days=60)).values()

    assert (evidence["email"].tenant, evidence["email"].own) == ((0.25, 0.0), (0.25, 0.0))
