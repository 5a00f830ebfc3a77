"""What counts as the same message."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from orchestrator.rules.duplicates import Sight, first_of_each, sight_of
from tests.make import AT, a_claimed_notification

ANA, BO = UUID(int=11), UUID(int=12)


def sight(**facts: Any) -> Sight | None:
    facts.setdefault("dedup", {"key": "order-1"})
    return sight_of(a_claimed_notification(**facts), ANA, window_minutes=60, at=AT)


def a_sight(person: UUID, notification: int, key: str = "k") -> Sight:
    found = sight_of(
        a_claimed_notification(id=UUID(int=notification), dedup={"key": key}), person, window_minutes=5, at=AT
    )
    assert found is not None
    return found


def test_a_key_is_the_same_message_whatever_its_type_and_words() -> None:
    one, other = sight(type="a", content_channels=("email",)), sight(type="b", content_channels=("sms",))

    assert one is not None
    assert other is not None
    assert one.place == other.place
    assert one.until == AT + timedelta(hours=1)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"dedup": {}}, id="nothing was asked"),
        pytest.param({"dedup": {"override": True}}, id="no key"),
        pytest.param({"dedup": {"key": "k", "override": True}}, id="override"),
        pytest.param({"priority": 0}, id="critical"),
        pytest.param({"recurrence": "FREQ=HOURLY"}, id="an occurrence of a recurrence"),
    ],
)
def test_these_are_news_always(facts: dict[str, Any]) -> None:
    assert sight(**facts) is None


def test_a_window_of_nothing_turns_it_off() -> None:
    assert sight_of(a_claimed_notification(dedup={"key": "k"}), ANA, window_minutes=0, at=AT) is None


def test_of_one_moment_the_oldest_notification_is_first_whatever_the_order() -> None:
    sights = [a_sight(ANA, 3), a_sight(ANA, 1), a_sight(BO, 2), a_sight(ANA, 2, key="other")]

    for order in (sights, sights[::-1]):
        first, later = first_of_each(order)
        assert {(s.recipient_id, s.notification_id) for s in first} == {
            (ANA, UUID(int=1)),
            (BO, UUID(int=2)),
            (ANA, UUID(int=2)),
        }
        assert {s.notification_id: by for s, by in later.items()} == {UUID(int=3): UUID(int=1)}


def test_the_same_recipient_named_twice_in_one_notification_is_no_duplicate_of_itself() -> None:
    assert first_of_each([a_sight(ANA, 1), a_sight(ANA, 1)])[1] == {}
