"""The channels that a recipient likes come first, unless the request names an order of its own."""

from uuid import UUID

import pytest

from orchestrator.rules.planning import decide
from orchestrator.rules.situation import Case, ChannelTraits, EndpointFacts, Situation, StrategyFacts
from orchestrator.rules.strategies.sequential import SEQUENTIAL
from preferences.rules import Wishes, level_in, wishes_among, wishes_in
from tests.make import AT, a_claimed_notification

CHANNELS = ("email", "sms", "push")
STEPS = {"steps": [{"channel": "push"}, {"channel": "email"}, {"channel": "sms"}]}
LIKED = {"channel_order": ["sms", "email"]}


def order(wishes: Wishes, *, asked: tuple[str, ...] = ()) -> list[str]:
    case = Case(
        a_claimed_notification(channels=asked, content_channels=CHANNELS),
        StrategyFacts("sequential", SEQUENTIAL.key, configuration={**SEQUENTIAL.defaults, **STEPS}),
        tuple(ChannelTraits(name) for name in asked or CHANNELS),
        AT,
    )
    endpoints = {name: (EndpointFacts(UUID(int=number)),) for number, name in enumerate(CHANNELS)}
    found = decide(case, Situation(UUID(int=7), "UTC", endpoints, wishes=wishes)).deliveries
    return [delivery.channel for delivery in sorted(found, key=lambda delivery: delivery.step)]


@pytest.mark.parametrize(
    ("wishes", "asked", "expected"),
    [
        pytest.param(Wishes(), (), ["push", "email", "sms"], id="nobody said: as the strategy says"),
        pytest.param(wishes_in(LIKED), (), ["sms", "email", "push"], id="the recipient's before the strategy's"),
        pytest.param(
            wishes_in(LIKED), ("push", "email", "sms"), ["push", "email", "sms"], id="the request's before both"
        ),
        pytest.param(
            wishes_among([level_in(LIKED, "default")]), (), ["sms", "email", "push"], id="the tenant's for everybody"
        ),
    ],
)
def test_whose_order_counts(wishes: Wishes, asked: tuple[str, ...], expected: list[str]) -> None:
    assert order(wishes, asked=asked) == expected
