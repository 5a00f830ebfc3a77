"""Look what people agreed to: always inside a scope, which decides what can be seen."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from preferences.models import Consent, ConsentProof
from preferences.rules.consent import Said

# One look into the index for each person and purpose; the newest word about each channel. At one moment a no counts.
_STATES = """
SELECT DISTINCT ON (recipient_id, purpose, channel) recipient_id, purpose, channel, state = 'given', at
FROM preferences_consent
WHERE recipient_id = ANY (%s) AND purpose = ANY (%s)
ORDER BY recipient_id, purpose, channel, at DESC, state DESC
"""
_STATES_OF_ONE = _STATES.replace("recipient_id = ANY (%s) AND purpose = ANY (%s)", "recipient_id = %s")


def consent_states(recipient_ids: Collection[UUID], purposes: Collection[str]) -> Mapping[UUID, Sequence[Said]]:
    """The newest words of people about purposes, in one statement; who said nothing is missing. None for no purpose."""
    if not recipient_ids or not purposes:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_STATES, (sorted(recipient_ids), sorted(purposes)))
        return _by_person(cursor.fetchall())


def consent_state_of(recipient_id: UUID) -> Sequence[Said]:
    """The newest words of one person about everything they spoke of."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES_OF_ONE, (recipient_id,))
        return _by_person(cursor.fetchall()).get(recipient_id, ())


def proofs_of(consents: Collection[Consent]) -> Mapping[UUID, Any]:
    """The proofs that are still kept, by the id of the consent."""
    rows = ConsentProof.objects.filter(consent_id__in=[row.id for row in consents]).order_by()
    return dict(rows.values_list("consent_id", "document"))


def _by_person(rows: Sequence[tuple[Any, ...]]) -> dict[UUID, tuple[Said, ...]]:
    found: dict[UUID, list[Said]] = defaultdict(list)
    for recipient_id, purpose, channel, given, at in rows:
        found[recipient_id].append(Said(purpose, channel, given, at))
    return {recipient_id: tuple(said) for recipient_id, said in found.items()}
