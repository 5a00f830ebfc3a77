"""What the hooks of all providers ask: is this secret the same, is this moment near, whose delivery is this."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from channels_app.values import Forged, NotUnderstood

DELIVERY = (
    "carillon_delivery"  # under this name messages carry our delivery's id to a provider, and receipts bring it back
)


def require_same(found: str, wanted: str, *, what: str) -> None:
    """Compare a signature or a secret in constant time. Raises `Forged`; an empty secret is never the same."""
    if not wanted or not hmac.compare_digest(found.encode(errors="replace"), wanted.encode()):
        raise Forged(f"the {what} is not right")


def require_fresh(moment: datetime, *, at: datetime, within: timedelta) -> None:
    """Both are aware. Raises `Forged` for a call that is older, or as far in the future."""
    if abs(at - moment) > within:
        raise Forged("the call is too old, or a clock is wrong")


def require_basic(headers: Mapping[str, str], *, username: str, password: str) -> None:
    """HTTP basic authentication (RFC 7617), where a provider signs nothing. Raises `Forged`."""
    if not password:
        raise Forged("the account has no password for its hook, so nobody can be believed")
    wanted = f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"
    require_same(headers.get("authorization", ""), wanted, what="password")


def moment_of_seconds(value: Any) -> datetime:
    """A moment from seconds since 1970, a number or its text. Raises `NotUnderstood`."""
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise NotUnderstood("a time stamp is not a number of seconds") from None


def moment_of_text(value: Any) -> datetime:
    """A moment from ISO 8601; without a zone it is UTC. Raises `NotUnderstood`."""
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        raise NotUnderstood("a time stamp is not ISO 8601") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def delivery_of(value: Any) -> UUID | None:
    """Our delivery's id as the provider handed it back; `None` for anything else."""
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


def claimed_object(body: bytes) -> dict[str, Any]:
    """The JSON object of a call that nobody has vouched for yet. Raises `Forged`."""
    try:
        return json_object(body)
    except NotUnderstood as trouble:
        raise Forged(str(trouble)) from None


def json_object(body: bytes | str) -> dict[str, Any]:
    """A JSON object. Raises `NotUnderstood`."""
    found = json_value(body)
    if not isinstance(found, dict):
        raise NotUnderstood("the body is not a JSON object")
    return found


def json_value(body: bytes | str) -> Any:
    """Any JSON. Raises `NotUnderstood`."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise NotUnderstood("the body is not JSON") from None


def text_of(found: Mapping[str, Any], name: str) -> str:
    """A member that is a text or a number, as text; "" for anything else."""
    value = found.get(name)
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def object_of(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A member that is an object; an empty one for anything else."""
    value = found.get(name)
    return value if isinstance(value, dict) else {}
