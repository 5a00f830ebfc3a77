"""Runs workloads: a warm-up, then turns of all contenders, interleaved, then the proof that all the work was done."""

import time
from collections.abc import Callable, Sequence

import psycopg

from config.bench.figures import Figure
from config.bench.values import Contender, Result, Tally, Trouble, Turn
from config.bench.workload import Workload

WARM_SHARE = 20

Tell = Callable[[str], None]


def run(workload: Workload, *, repeats: int, tell: Tell) -> Result:
    """All turns of one workload. `tell` is given what is being done. What goes wrong is in the result."""
    began = time.monotonic()
    tell("getting ready")
    contenders: Sequence[Contender] = ()
    turns: dict[str, list[Turn]] = {}
    troubles: tuple[str, ...] = ()
    try:
        contenders = workload.contenders()
        present = [contender for contender in contenders if not contender.absent]
        for contender in present:
            tell(f"{contender.name}: warm-up")
            _turn(contender, min(contender.size, max(contender.size // WARM_SHARE, workload.warm_least)))
        for number in range(repeats):
            for contender in _in_turn(present, number):
                tell(f"{contender.name}: {contender.size:,}, turn {number + 1} of {repeats}")
                turns.setdefault(contender.name, []).append(_turn(contender, contender.size))
        tell("checking what was done")
        troubles = tuple(workload.troubles())
    except (Trouble, psycopg.Error) as trouble:
        troubles = (str(trouble),)
    finally:
        workload.close()
    return Result(
        id=workload.key,
        title=workload.title.format(size=contenders[0].size if contenders else 0),
        conditions=workload.conditions,
        measures=workload.measures,
        goals=workload.goals,
        tallies=tuple(_tally(contender, turns.get(contender.name, ())) for contender in contenders),
        troubles=troubles,
        seconds=time.monotonic() - began,
    )


def _in_turn(contenders: Sequence[Contender], number: int) -> Sequence[Contender]:
    """Each time another one begins, so that nobody is always the one who follows the noisiest."""
    start = number % max(len(contenders), 1)
    return [*contenders[start:], *contenders[:start]]


def _turn(contender: Contender, size: int) -> Turn:
    try:
        return contender.turn(size)
    except (Trouble, psycopg.Error) as trouble:
        return Turn(size, {}, (str(trouble),))


def _tally(contender: Contender, turns: Sequence[Turn]) -> Tally:
    """Only turns that did all of their work count."""
    sound = [turn.figures for turn in turns if not turn.troubles]
    keys = dict.fromkeys(key for figures in sound for key in figures)
    return Tally(
        name=contender.name,
        about=contender.about,
        size=contender.size,
        figures={key: Figure(tuple(figures[key] for figures in sound if key in figures)) for key in keys},
        troubles=tuple(dict.fromkeys(trouble for turn in turns for trouble in turn.troubles)),
        absent=contender.absent,
    )
