"""What `/experiments` takes and gives."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from orchestrator.models import Experiment
from orchestrator.rules.comparing import wilson
from orchestrator.rules.experiments import MOST_HOLDOUT, MOST_WEIGHT
from orchestrator.services.experiment_results import OUTCOMES, ArmResult, Results
from tenants.api.vocabulary import Moment

Goal = Literal["delivered", "opened", "clicked"]


class ExperimentArmBody(Struct, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """One way of doing it: another strategy, another template or version of one (`order@7`), or nothing else at all."""

    key: Annotated[str, Meta(min_length=1, max_length=64)]
    weight: Annotated[int, Meta(ge=1, le=MOST_WEIGHT)] = 1
    strategy: Annotated[str, Meta(max_length=100)] | None = None
    template: Annotated[str, Meta(max_length=120)] | None = None


class ExperimentBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """An experiment to draft. The first arm is the control. `types` empty: messages of every type, and of none."""

    arms: Annotated[list[ExperimentArmBody], Meta(min_length=1, max_length=10)]
    name: Annotated[str, Meta(max_length=200)] = ""
    types: Annotated[list[Annotated[str, Meta(min_length=1, max_length=100)]], Meta(max_length=100)] = []
    holdout_percent: Annotated[float, Meta(ge=0, le=MOST_HOLDOUT)] = 0
    goal: Goal = "clicked"


class ExperimentShown(Struct, kw_only=True):
    """An experiment. `started_at` and `stopped_at` tell the time that its results are about."""

    key: str
    name: str
    types: list[str]
    arms: list[ExperimentArmBody]
    holdout_percent: float
    goal: str
    state: Literal["draft", "running", "stopped"]
    created_at: Moment
    updated_at: Moment
    started_at: Moment | None
    stopped_at: Moment | None


class ExperimentRateShown(Struct, kw_only=True):
    """How many of the people of the arm; `low` to `high` is the 95 % interval of the rate (Wilson), read once."""

    people: int
    rate: float
    low: float
    high: float


class ExperimentComparisonShown(Struct, kw_only=True):
    """The goal of this arm against the control's. The interval and the p-value hold however often they are read;
    `decided` once the difference is beyond doubt at 5 % over all arms together."""

    difference: float
    low: float
    high: float
    p_value: float
    decided: bool


class ExperimentArmShown(Struct, kw_only=True):
    """What came of an arm. `exposures` are (message, person) pairs; of `people` the rates are."""

    key: str
    weight: int
    people: int
    exposures: int
    sent: ExperimentRateShown
    delivered: ExperimentRateShown
    opened: ExperimentRateShown
    clicked: ExperimentRateShown
    messages_sent: int
    cost_micros: int
    against_control: ExperimentComparisonShown | None


class ExperimentResults(ExperimentShown, kw_only=True):
    """An experiment and what came of it so far. `holdout`: those who got nothing, if it has any."""

    results: list[ExperimentArmShown]
    holdout: ExperimentArmShown | None


def experiments_shown(rows: Sequence[Experiment]) -> list[ExperimentShown]:
    return [ExperimentShown(**_fields(row)) for row in rows]


def results_shown(row: Experiment, found: Results) -> ExperimentResults:
    return ExperimentResults(
        **_fields(row),
        results=[_arm(arm, found) for arm in found.arms],
        holdout=_arm(found.holdout, found) if found.holdout else None,
    )


def _fields(row: Experiment) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "types": row.types,
        "arms": [ExperimentArmBody(**arm) for arm in row.arms],
        "holdout_percent": row.holdout_percent,
        "goal": row.goal,
        "state": row.state,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "started_at": row.started_at,
        "stopped_at": row.stopped_at,
    }


def _arm(arm: ArmResult, found: Results) -> ExperimentArmShown:
    against = found.against.get(arm.key)
    return ExperimentArmShown(
        key=arm.key,
        weight=arm.weight,
        people=arm.people,
        exposures=arm.exposures,
        **{outcome: _rate(arm, outcome) for outcome in OUTCOMES},
        messages_sent=arm.messages,
        cost_micros=arm.cost_micros,
        against_control=ExperimentComparisonShown(
            difference=against.difference,
            low=against.low,
            high=against.high,
            p_value=against.p_value,
            decided=against.decided,
        )
        if against
        else None,
    )


def _rate(arm: ArmResult, outcome: str) -> ExperimentRateShown:
    share = arm.share(outcome)
    low, high = wilson(share)
    return ExperimentRateShown(people=share.successes, rate=share.rate, low=low, high=high)
