"""What is kept about a person on this floor: all of it on request, none of it when they want to be forgotten."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from audience.messages import shown
from audience.models import SegmentMember
from audience.selectors import inbox_of, recipient
from audience.services import erase as erase_recipient

# What signs and encrypts is of no use to the person and of use to whoever gets hold of the copy.
_NOT_EXPORTED = frozenset({"secret", "keys"})


def export(*, tenant_id: UUID, external_id: str) -> dict[str, Any] | None:
    """Everything about a person as plain JSON values, `None` when nobody is known by that id."""
    person = recipient(tenant_id=tenant_id, external_id=external_id)
    if person is None:
        return None
    found = {
        "recipient": {
            "id": person.external_id,
            "locale": person.locale,
            "timezone": person.timezone,
            "attributes": person.attributes,
            "created_at": person.created_at,
            "updated_at": person.updated_at,
        },
        "endpoints": [
            {
                "channel": endpoint.channel,
                "kind": endpoint.kind,
                "address": endpoint.address,
                "label": endpoint.label,
                "extra": {name: value for name, value in endpoint.extra.items() if name not in _NOT_EXPORTED},
                "created_at": endpoint.created_at,
                "disabled_at": endpoint.disabled_at,
                "disabled_reason": endpoint.disabled_reason,
            }
            for endpoint in person.endpoints.all()
        ],
        "inbox": [shown(item) for item in inbox_of(tenant_id=tenant_id, recipient_id=person.id)],
        "segments": list(
            SegmentMember.objects.filter(tenant_id=tenant_id, recipient_id=person.id)
            .order_by("segment__key")
            .values_list("segment__key", flat=True)
        ),
    }
    exported: dict[str, Any] = msgspec.to_builtins(found)
    return exported


def erase(*, tenant_id: UUID, external_id: str, actor: str, at: datetime) -> bool:
    """Forget a person; `False` when nobody is known by that id. The trail keeps that it was done, not who they were."""
    return erase_recipient(tenant_id=tenant_id, external_id=external_id, actor=actor, at=at)
