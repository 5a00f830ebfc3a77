"""What `/strategies` takes and gives."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from orchestrator.models import Strategy as StrategyRow
from orchestrator.models import StrategyVersion
from orchestrator.rules.strategy import Strategy
from tenants.api.problems import FieldError
from tenants.api.vocabulary import Moment


class StrategyBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """A strategy to keep. `kind` is the key of a built-in one; without `configuration` it runs with its defaults."""

    kind: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Annotated[str, Meta(max_length=200)] = ""
    configuration: dict[str, Any] | None = None
    active: bool = True


class StrategyShown(Struct, kw_only=True):
    """A strategy as it runs. `version` 0 is the built-in default; it grows with every change."""

    key: str
    name: str
    kind: str
    configuration: dict[str, Any]
    version: int
    active: bool
    built_in: bool
    created_at: Moment | None
    updated_at: Moment | None


class StrategyFindingShown(Struct, kw_only=True):
    """What looks wrong, without keeping it from being saved. `pointer` is into the body; empty: about a type alone."""

    pointer: str
    code: str
    severity: Literal["warning", "error"]
    message: str


class TypeFindingsShown(Struct, kw_only=True):
    """What looks wrong with a type; nothing of it keeps anybody from using it."""

    findings: list[StrategyFindingShown]


class StrategySaved(StrategyShown, kw_only=True):
    """A strategy that was saved, and what looks wrong with it and the types that use it."""

    findings: list[StrategyFindingShown]


class StrategyTrial(StrategyBody, kw_only=True):
    """A strategy on trial. With `key` it is looked at together with the types that use the strategy of that key."""

    key: Annotated[str, Meta(max_length=100)] = ""


class StrategyVersionShown(Struct, kw_only=True):
    """A strategy as it was at one of its versions."""

    version: int
    name: str
    kind: str
    configuration: dict[str, Any]
    active: bool
    actor: str
    created_at: Moment


class StrategyRollbackBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """Which version it shall be again."""

    version: Annotated[int, Meta(ge=1)]


class DefaultStrategyBody(Struct, forbid_unknown_fields=True, kw_only=True):
    """The strategy of messages that name none and whose type names none; null: the one of the installation."""

    strategy: Annotated[str, Meta(max_length=100)] | None


class DefaultStrategyShown(Struct, kw_only=True):
    """What counts for messages that name no strategy and whose type names none. `chosen`: the tenant said so."""

    strategy: str
    chosen: bool


class StepShown(Struct, kw_only=True):
    """Channels used together, so long after the step before began."""

    channels: list[str]
    after_seconds: int


class StrategyVerdict(Struct, kw_only=True):
    """Whether a strategy could be kept; if so, its steps for somebody whom every channel reaches."""

    valid: bool
    errors: list[FieldError]
    findings: list[StrategyFindingShown]
    steps: list[StepShown]


def version_shown(row: StrategyVersion) -> StrategyVersionShown:
    return StrategyVersionShown(
        version=row.version,
        name=row.name,
        kind=row.kind,
        configuration=row.configuration,
        active=row.active,
        actor=row.actor,
        created_at=row.created_at,
    )


def row_shown(row: StrategyRow) -> StrategyShown:
    return StrategyShown(**fields_of(row))


def fields_of(row: StrategyRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "kind": row.kind,
        "configuration": row.configuration,
        "version": row.version,
        "active": row.active,
        "built_in": False,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def built_in_shown(strategy: Strategy) -> StrategyShown:
    return StrategyShown(
        key=strategy.key,
        name=strategy.title,
        kind=strategy.key,
        configuration=dict(strategy.defaults),
        version=0,
        active=True,
        built_in=True,
        created_at=None,
        updated_at=None,
    )
