"""Waits for what a running Carillon has to come to by itself; generous, for the machine may have other work to do."""

from collections.abc import Mapping
from typing import Any

from tests.stack.running import wait_until
from tests.stack.talking import Api

FINISHED = ("completed", "failed", "cancelled", "expired")
PATIENCE_SECONDS = 90.0


def ended(api: Api, notification: Mapping[str, Any], *, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
    """Wait until a notification has finished; how it stands then."""
    found: dict[str, Any] = {}

    def finished() -> bool:
        found.update(api.get(f"/notifications/{notification['id']}"))
        return found["status"] in FINISHED

    wait_until(finished, seconds=seconds, what=lambda: f"the end of {found}")
    return found


def delivery_that(
    api: Api, notification: Mapping[str, Any], *, seconds: float = PATIENCE_SECONDS, **facts: Any
) -> dict[str, Any]:
    """Wait until a delivery of a notification agrees with `facts`; that delivery."""
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        found[:] = api.deliveries(notification)
        return _first(found, facts) is not None

    wait_until(is_there, seconds=seconds, what=lambda: f"a delivery with {facts} among {found}")
    delivery = _first(found, facts)
    assert delivery is not None
    return delivery


def _first(deliveries: list[dict[str, Any]], facts: Mapping[str, Any]) -> dict[str, Any] | None:
    return next((d for d in deliveries if all(d[name] == value for name, value in facts.items())), None)
