"""What looks wrong with a strategy and the types that use it."""

from typing import Any

import pytest

from notifications.rules.policy import DigestPolicy, DigestWindow, SendingWindow
from orchestrator.rules.policy_lint import TypeInUse, lint

CHANNELS = ("email", "sms", "push")
NEWS = TypeInUse("news")
OFFICE = (SendingWindow(begins="10:00", ends="20:00"),)
BIG = {"path": "data.total", "op": ">", "value": 100}


def found(configuration: dict[str, Any], *types: TypeInUse) -> list[tuple[str, str, str]]:
    return [(f.pointer, f.code, f.severity) for f in lint(configuration, types=types, channels=CHANNELS)]


def step(channel: str, after: int = 0, **facts: Any) -> dict[str, Any]:
    return {"channel": channel, "after_seconds": after, **facts}


STEPS = [
    pytest.param([step("push"), step("email")], [], id="fine"),
    pytest.param([step("push"), step("push", 60)], [("/steps/1", "unreachable_step", "warning")], id="used before"),
    pytest.param([step("push", when=BIG), step("push", 60)], [], id="used before on a condition"),
    pytest.param(
        [{"channels": ["push", "email"]}, step("sms"), {"channels": ["email", "sms"]}],
        [("/steps/2", "unreachable_step", "warning")],
        id="all of several used before",
    ),
    pytest.param(
        [step("push", when={"all": [BIG, {"path": "data.total", "op": "<=", "value": 100}]})],
        [("/steps/0/when", "never_holds", "warning")],
        id="more and not more",
    ),
    pytest.param(
        [step("push", when={"all": [BIG, {"path": "data.total", "op": "<", "value": 101}]})], [], id="a little room"
    ),
    pytest.param(
        [step("push", when={"all": [{"path": "data.a", "op": "==", "value": v} for v in ("x", "y")]})],
        [("/steps/0/when", "never_holds", "warning")],
        id="two values at once",
    ),
    pytest.param([step("push", when={"any": [BIG, {"path": "data.total", "op": "<", "value": 1}]})], [], id="either"),
]


@pytest.mark.parametrize(("steps", "expected"), STEPS)
def test_what_looks_wrong_with_steps(steps: list[Any], expected: list[tuple[str, str, str]]) -> None:
    assert found({"steps": steps}) == expected


SLOW = [step("push"), step("email", 3600), step("sms", 3600)]
WEEKLY = DigestPolicy(window=DigestWindow(mode="calendar", every="week"))
HOURLY = DigestPolicy(window=DigestWindow(mode="sliding", seconds=60, max_seconds=3600))
TYPES = [
    pytest.param(
        {}, TypeInUse("news", digests=(WEEKLY,)), [("", "digest_too_late", "warning")], id="gathered beyond its life"
    ),
    pytest.param({}, TypeInUse("news", digests=(WEEKLY,), ttl_seconds=8 * 86_400), [], id="gathered within its life"),
    pytest.param(
        {},
        TypeInUse("news", digests=(HOURLY,), ttl_seconds=3600),
        [("", "digest_too_late", "warning")],
        id="as long as it lives",
    ),
    pytest.param({}, TypeInUse("news", digests=(HOURLY,), ttl_seconds=3601), [], id="a second longer"),
    pytest.param(
        {"steps": SLOW},
        TypeInUse("otp", ttl_seconds=7200),
        [("/steps/2/after_seconds", "step_after_expiry", "warning")],
        id="later than it lives",
    ),
    pytest.param({"steps": SLOW}, TypeInUse("otp", ttl_seconds=7201), [], id="just in time"),
    pytest.param({"steps": SLOW, "spacing": "ttl"}, TypeInUse("otp", ttl_seconds=60), [], id="spread over its life"),
    pytest.param(
        {"steps": [step("push", between=["20:00", "08:00"])]},
        TypeInUse("news", windows=OFFICE),
        [("/steps/0/between", "never_open", "error")],
        id="night and day",
    ),
    pytest.param(
        {"steps": [step("push", between=["19:59", "08:00"])]}, TypeInUse("news", windows=OFFICE), [], id="one minute"
    ),
    pytest.param(
        {"steps": SLOW},
        TypeInUse("news", spoken=("email", "push")),
        [("/steps/2", "words_missing", "warning")],
        id="no words for it",
    ),
    pytest.param({"steps": SLOW}, TypeInUse("news", spoken=("email",), channels=("email",)), [], id="no words needed"),
    pytest.param(
        {"steps": [step("push")], "others": "never"},
        TypeInUse("news", channels=("email",)),
        [("", "no_channel", "error")],
        id="nothing in common",
    ),
    pytest.param(
        {}, TypeInUse("sale", category="marketing"), [("", "forbidden_hours", "warning")], id="texts at any hour"
    ),
    pytest.param({}, TypeInUse("sale", purpose="marketing", windows=OFFICE), [], id="texts in the daytime"),
    pytest.param(
        {},
        TypeInUse("sale", category="marketing", windows=(SendingWindow(begins="07:00", ends="20:00"),)),
        [("", "forbidden_hours", "warning")],
        id="texts too early",
    ),
    pytest.param({}, TypeInUse("sale", category="marketing", channels=("email",)), [], id="no texts"),
    pytest.param({}, TypeInUse("sale", category="marketing", spoken=("email",)), [], id="no words for texts"),
    pytest.param(
        {},
        TypeInUse("sale", category="security", purpose="marketing", windows=OFFICE),
        [("", "no_opt_out", "error")],
        id="no way to leave",
    ),
]


@pytest.mark.parametrize(("configuration", "type", "expected"), TYPES)
def test_what_looks_wrong_with_a_type(
    configuration: dict[str, Any], type: TypeInUse, expected: list[tuple[str, str, str]]
) -> None:
    assert found(configuration, type) == expected


def test_hours_that_are_forbidden_somewhere_are_named() -> None:
    early = TypeInUse("sale", category="marketing", windows=(SendingWindow(begins="09:00", ends="20:00"),))

    (finding,) = lint({}, types=[early], channels=CHANNELS)

    assert finding.message == "'sale' may go out by sms at hours that are forbidden in IN; it waits there"
