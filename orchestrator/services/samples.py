"""What was said lately with a template, as samples for whoever writes it: masked before it leaves this room."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from audience.selectors import people
from orchestrator.services.trial_sends import TAG
from templates_app.rules.disguise import disguised
from templates_app.selectors import find_template

MOST = 10
LOOKED_THROUGH = 5_000  # of the tenant's newest notifications

_LATELY = """
SELECT id, template, created_at, data, recipients -> 0 FROM (
  SELECT id, template, created_at, data, recipients, tags FROM notifications_notification
  WHERE tenant_id = %s ORDER BY id DESC LIMIT %s
) AS newest
WHERE (template = %s OR template LIKE %s) AND NOT tags @> ARRAY[%s]
ORDER BY id DESC LIMIT %s
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """The data of a notification, telling of nobody, and the language its first recipient reads."""

    notification_id: UUID
    at: datetime
    data: Mapping[str, Any]
    locale: str


def samples_of(tenant_id: UUID, key: str) -> list[Sample] | None:
    """The newest that differ, newest first; `None`: there is no such template. In the tenant's scope."""
    found = find_template(tenant_id, key)
    if found is None:
        return None
    _, draft, live = found
    schema = (draft or live).source["variables"] if draft or live else {}  # type: ignore[union-attr]
    samples: list[Sample] = []
    rows = _lately(tenant_id, key)
    locales = _locales([first for *_, first in rows])
    for id, _, at, data, first in rows:
        shown = disguised({**data, **((first or {}).get("data") or {})}, schema)
        if shown not in [one.data for one in samples]:
            samples.append(Sample(id, at, shown, locales.get((first or {}).get("id", ""), "")))
    return samples[:MOST]


def _lately(tenant_id: UUID, key: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        like = f"{key.replace('_', chr(92) + '_')}@%"
        cursor.execute(_LATELY, (tenant_id, LOOKED_THROUGH, key, like, TAG, 3 * MOST))
        return [(id, template, at, _json(data), _json(first)) for id, template, at, data, first in cursor.fetchall()]


def _json(value: Any) -> Any:
    return msgspec.json.decode(value) if isinstance(value, str | bytes) else value


def _locales(firsts: list[Any]) -> dict[str, str]:
    known = people({UUID(first["id"]) for first in firsts if first})
    return {str(id): person.locale for id, person in known.items()}
