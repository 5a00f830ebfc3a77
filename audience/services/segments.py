"""Lists of people that somebody keeps by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from audience.models import Segment
from audience.selectors import recipient_ids
from kernel.ids import uuid7


class UnknownPeople(Exception):
    """Somebody named is not there; `external_ids` are all of them."""

    def __init__(self, external_ids: frozenset[str]) -> None:
        super().__init__(f"{len(external_ids)} unknown recipients")
        self.external_ids = external_ids


@dataclass(frozen=True, slots=True)
class MemberChanges:
    """How many people came onto the list and how many left it."""

    added: int
    removed: int


def save_segment(*, tenant_id: UUID, key: str, name: str, at: datetime) -> tuple[Segment, bool]:
    """Create the list or give it a name; `True` when it is new. Its members stay."""
    segment, created = Segment.objects.get_or_create(
        tenant_id=tenant_id,
        key=key,
        defaults={"id": uuid7(at), "name": name, "created_at": at, "updated_at": at},
    )
    if not created and segment.name != name:
        segment.name, segment.updated_at = name, at
        segment.save(update_fields=("name", "updated_at"))
    return segment, created


def delete_segment(*, tenant_id: UUID, key: str) -> bool:
    """Delete the list, not the people on it; `False` when there was none."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM audience_segment WHERE tenant_id = %s AND key = %s", (tenant_id, key))
        return bool(cursor.rowcount)


_ADD = """
INSERT INTO audience_segmentmember (tenant_id, segment_id, recipient_id, added_at)
SELECT %(tenant)s, %(segment)s, person.id, %(at)s
FROM audience_recipient AS person WHERE person.tenant_id = %(tenant)s AND person.id = ANY(%(people)s)
ORDER BY person.id
FOR KEY SHARE OF person
ON CONFLICT DO NOTHING
"""
_REMOVE = """
DELETE FROM audience_segmentmember WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s AND recipient_id IN (
  SELECT recipient_id FROM audience_segmentmember
  WHERE tenant_id = %(tenant)s AND segment_id = %(segment)s AND recipient_id = ANY(%(people)s)
  ORDER BY recipient_id FOR UPDATE)
"""


def change_members(segment: Segment, *, add: Sequence[str], remove: Sequence[str], at: datetime) -> MemberChanges:
    """Put people onto the list and take others off, by external id, in a constant number of statements.

    Raises `UnknownPeople` when one to be added is not there. Taking off somebody who is not on it changes nothing.
    """
    ids = recipient_ids(segment.tenant_id, [*add, *remove])
    unknown = frozenset(add) - ids.keys()
    if unknown:
        raise UnknownPeople(unknown)
    return MemberChanges(
        added=_change(_ADD, segment, people=[ids[external_id] for external_id in add], at=at),
        removed=_change(_REMOVE, segment, people=[ids[e] for e in remove if e in ids], at=at),
    )


def _change(statement: str, segment: Segment, *, people: list[UUID], at: datetime) -> int:
    if not people:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(statement, {"tenant": segment.tenant_id, "segment": segment.id, "people": people, "at": at})
        return int(cursor.rowcount)
