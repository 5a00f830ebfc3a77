"""Let every contender speak on the very same occasions, once for each seed."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from analytics.simulation.contenders import Contender
from analytics.simulation.population import BEGIN, Population, occasions
from analytics.simulation.results import Row, rows
from analytics.simulation.trial import Outcome, run


def tournament(
    world: Population,
    taking_part: Sequence[Contender],
    *,
    people: int,
    days: int,
    seeds: Sequence[int],
    told: Callable[[int], None] = lambda _: None,
) -> list[Row]:
    """The results over the second half of the days; the first half is for learning. `told` hears of each seed done."""
    counted_from = BEGIN + timedelta(days=days) / 2
    outcomes: dict[str, list[Outcome]] = {contender.name: [] for contender in taking_part}
    for seed in seeds:
        story = occasions(world, people=people, days=days, seed=seed)
        for contender in taking_part:
            outcomes[contender.name].append(run(contender, world, story, counted_from=counted_from))
        told(seed)
    return rows(outcomes, learners=frozenset(one.name for one in taking_part if one.learns))
