"""What is kept about a person on this floor: all of it on request.

Nothing here has to be erased by hand: wishes, overrides and proofs go with the recipient's row, in the database. What
stays names nobody: suppressions and consents know addresses by their keyed hash alone (docs/consent.md).
"""

from typing import Any
from uuid import UUID

import msgspec

from audience.selectors import recipient_ids
from preferences.models import Consent, Override
from preferences.selectors import document_of
from preferences.selectors_consents import proofs_of


def export(*, tenant_id: UUID, external_id: str) -> dict[str, Any] | None:
    """Everything about a person as plain JSON values, `None` when nobody is known by that id."""
    recipient_id = recipient_ids(tenant_id=tenant_id, external_ids=[external_id]).get(external_id)
    if recipient_id is None:
        return None
    overrides = Override.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id).order_by("id")
    found = {
        "preferences": document_of(tenant_id=tenant_id, recipient_id=recipient_id),
        "overrides": list(overrides.values("document", "note", "created_at", "until")),
        "consents": _consents(tenant_id, recipient_id),
    }
    exported: dict[str, Any] = msgspec.to_builtins(found)
    return exported


def _consents(tenant_id: UUID, recipient_id: UUID) -> list[dict[str, Any]]:
    """Every word, the first one first, with its proof."""
    rows = list(Consent.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id).order_by("id"))
    proofs = proofs_of(rows)
    return [
        {
            "purpose": row.purpose,
            "channel": row.channel,
            "state": str(row.state),
            "text_version": row.text_version,
            "source": row.source,
            "proof": proofs.get(row.id, {}),
            "at": row.at,
            "recorded_at": row.recorded_at,
        }
        for row in rows
    ]
