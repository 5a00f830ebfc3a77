"""Behaviours as JSON: read with every fault named by pointer, written without what was left open."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from channels_app.sandbox.behaviours import KNOWN, Behaviour

MAX_BEHAVIOURS = 1_000
MAX_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with a request: where (`/0/do`), a stable code, and what would do."""

    pointer: str
    code: str
    message: str


class BadBehaviours(ValueError):
    """The list cannot be put in force; `faults` names every reason."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.pointer}: {fault.message}" for fault in faults))
        self.faults = faults


def read_behaviours(body: Any) -> tuple[Behaviour, ...]:
    """Read a JSON list of behaviours. Raises BadBehaviours with all faults at once."""
    if not isinstance(body, list):
        raise BadBehaviours((Fault("", "not_a_list", f"expected a list of behaviours, found {_kind(body)}"),))
    if len(body) > MAX_BEHAVIOURS:
        found = f"{len(body)} behaviours; at most {MAX_BEHAVIOURS} are kept"
        raise BadBehaviours((Fault("", "too_many", found),))
    faults = [fault for position, item in enumerate(body) for fault in _faults_of(item, pointer=f"/{position}")]
    if faults:
        raise BadBehaviours(tuple(faults))
    return tuple(_behaviour(item) for item in body)


def read_behaviour(body: Any) -> Behaviour:
    """Read one behaviour. Raises BadBehaviours with all faults at once."""
    faults = _faults_of(body, pointer="")
    if faults:
        raise BadBehaviours(tuple(faults))
    return _behaviour(body)


def write_behaviour(rule: Behaviour) -> dict[str, Any]:
    """The behaviour as it was given, with its remaining `times`; what was left open is left out."""
    return {name: value for name, value in asdict(rule).items() if value is not None}


def _behaviour(item: dict[str, Any]) -> Behaviour:
    return Behaviour(**{name: value for name, value in item.items() if value is not None})


def _faults_of(item: Any, *, pointer: str) -> list[Fault]:
    if not isinstance(item, dict):
        return [Fault(pointer, "not_an_object", f"expected an object, found {_kind(item)}")]
    faults = []
    if item.get("do") is None:
        faults.append(Fault(f"{pointer}/do", "required", f"say what to do; known: {', '.join(KNOWN)}"))
    for name, value in item.items():
        if name not in FIELDS:
            wanted = f"no field '{name}'; known: {', '.join(FIELDS)}"
            faults.append(Fault(f"{pointer}/{_escaped(name)}", "unknown_field", wanted))
        elif value is not None and (trouble := FIELDS[name](value)):
            code, message = trouble
            faults.append(Fault(f"{pointer}/{name}", code, message))
    return faults


Check = Callable[[Any], tuple[str, str] | None]  # a fault's code and message, or None when all is well


def _do(value: Any) -> tuple[str, str] | None:
    if isinstance(value, str) and value in KNOWN:
        return None
    return "unknown", f"no behaviour {value!r}; known: {', '.join(KNOWN)}"


def _text(value: Any) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return "wrong_type", f"expected a text, found {_kind(value)}"
    return None if value and len(value) <= 2_000 else ("out_of_range", "expected 1 to 2,000 characters")


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return "wrong_type", f"expected a whole number, found {_kind(value)}"
        return None if low <= value <= high else ("out_of_range", f"expected {low:,} to {high:,}, found {value:,}")

    return check


def _number(low: float, high: float) -> Check:
    def check(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return "wrong_type", f"expected a number, found {_kind(value)}"
        return None if low <= value <= high else ("out_of_range", f"expected {low:,} to {high:,}, found {value:,}")

    return check


FIELDS: dict[str, Check] = {
    "do": _do,
    "to": _text,
    "channel": _text,
    "provider": _text,
    "status": _whole(400, 599),
    "seconds": _number(0, MAX_SECONDS),
    "retry_after": _number(0, 86_400),
    "probability": _number(0, 1),
    "times": _whole(0, 2**53),
    "seed": _whole(-(2**53), 2**53),
}


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")  # RFC 6901, 3


def _kind(value: Any) -> str:
    names = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return names.get(type(value), "null")
