"""One part filled in for one person: the context it gets, and how its channel judges what came out."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from templates_app.rules.context import build_context
from templates_app.values import Compiled, RenderError, Shape

PERSON: Mapping[str, Any] = {"id": "user-123", "locale": "", "timezone": "UTC", "attributes": {}}
NOTIFICATION: Mapping[str, Any] = {"id": "01a1f8f5-24d4-7c39-920f-04a02f11730a", "type": "example"}
UNSUBSCRIBE_URL = "https://example.org/u/this-is-a-preview"
PREFERENCE_CENTRE_URL = "https://example.org/p/this-is-a-preview"


def context_of(
    compiled: Compiled,
    *,
    locale: str,
    data: Mapping[str, Any],
    person: Mapping[str, Any],
    brand: Mapping[str, Any],
    at: datetime,
    notification: Mapping[str, Any] = NOTIFICATION,
    default_locale: str = "",
) -> dict[str, Any]:
    """What a part in `locale` can speak of; what the schema has a default for need not be given."""
    return build_context(
        data={**compiled.defaults, **data},
        recipient=person,
        notification=notification,
        now=at,
        brand=brand,
        messages=compiled.messages.get(locale, {}),
        locale=locale or default_locale,
        unsubscribe_url="" if data.get("unsubscribe_url") else UNSUBSCRIBE_URL,
        preference_centre_url="" if data.get("preference_centre_url") else PREFERENCE_CENTRE_URL,
    )


def finished(shape: Shape, content: Struct) -> Struct | RenderError:
    """The content as the channel carries it, or why it would not take it."""
    fitting: Struct = shape.fit(content)
    faults = shape.judge_final(fitting)
    return RenderError(faults[0].code, faults[0].message, pointer=faults[0].pointer) if faults else fitting
