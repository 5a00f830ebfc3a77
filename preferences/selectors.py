"""Look what people want: always inside a scope, which decides what can be seen."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from preferences.models import Preferences
from preferences.rules import Wishes, wishes_in


def wishes_of(recipient_ids: Collection[UUID]) -> dict[UUID, Wishes]:
    """The wishes of those who said something, by recipient id, in one statement; the others are missing."""
    rows = Preferences.objects.filter(recipient_id__in=set(recipient_ids)).order_by()
    return {
        recipient_id: wishes_in(document) for recipient_id, document in rows.values_list("recipient_id", "document")
    }


def document_of(*, tenant_id: UUID, recipient_id: UUID) -> dict[str, Any]:
    """What one recipient said, as they said it; empty when they said nothing."""
    rows = Preferences.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id)
    return rows.values_list("document", flat=True).first() or {}
