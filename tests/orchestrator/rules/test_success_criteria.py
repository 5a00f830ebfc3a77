"""What counts as success: what was asked for, as far as the channel can tell."""

import pytest

from orchestrator.rules.success import LEVELS, Level, criterion_for, is_success, most_told

# Asked for → what counts where at most sent, delivered, read or clicked is ever heard.
TABLE = {
    "": ("sent", "delivered", "delivered", "delivered"),
    "sent": ("sent", "sent", "sent", "sent"),
    "delivered": ("sent", "delivered", "delivered", "delivered"),
    "seen": ("sent", "delivered", "seen", "seen"),
    "read": ("sent", "delivered", "read", "read"),
    "clicked": ("sent", "delivered", "read", "clicked"),
}


@pytest.mark.parametrize("asked", TABLE)
def test_a_channel_is_judged_by_the_most_that_it_tells(asked: str) -> None:
    tells: tuple[Level, ...] = ("sent", "delivered", "read", "clicked")

    assert tuple(criterion_for(asked, tells=most) for most in tells) == TABLE[asked]


PROOFS = ("sent", "delivered", "seen", "read", "opened", "clicked", "complained", "bounced")
ENOUGH = {
    "sent": {"sent", "delivered", "seen", "read", "opened", "clicked"},
    "": {"delivered", "seen", "read", "opened", "clicked"},
    "delivered": {"delivered", "seen", "read", "opened", "clicked"},
    "seen": {"seen", "read", "opened", "clicked"},
    "read": {"read", "opened", "clicked"},
    "clicked": {"clicked"},
}


@pytest.mark.parametrize("criterion", ENOUGH)
def test_more_than_was_asked_for_is_enough(criterion: str) -> None:
    assert {proof for proof in PROOFS if is_success(criterion, proof)} == ENOUGH[criterion]


def test_of_several_ways_the_one_that_tells_most_counts() -> None:
    assert most_told(["sent", "clicked", "delivered"]) == "clicked"
    assert most_told([]) == LEVELS[0]
