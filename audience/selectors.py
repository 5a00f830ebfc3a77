"""Look people, lists and inboxes up: always inside a scope, which decides what can be seen."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet

from audience.models import Endpoint, InboxItem, Recipient, Segment
from audience.values import Counts, Person, Reachable
from tenants.asking import Statement, ask, unasked


def recipient_ids(tenant_id: UUID, external_ids: Collection[str]) -> dict[str, UUID]:
    """Ids of those who are known, by external id."""
    (ids,) = ask(naming(tenant_id, external_ids))
    return ids


def naming(tenant_id: UUID, external_ids: Collection[str]) -> Statement[dict[str, UUID]]:
    """`recipient_ids`, to be asked together with something else."""
    if not external_ids:
        return unasked({})
    sql = "SELECT external_id, id FROM audience_recipient WHERE tenant_id = %s AND external_id = ANY (%s)"
    return Statement(sql, (tenant_id, list(set(external_ids))), dict)


def recipient(*, tenant_id: UUID, external_id: str) -> Recipient | None:
    """One person with their endpoints, newest first."""
    return Recipient.objects.filter(tenant_id=tenant_id, external_id=external_id).prefetch_related("endpoints").first()


_PEOPLE = """
SELECT id, tenant_id, external_id, locale, timezone, attributes::text FROM audience_recipient WHERE id = ANY (%s)
"""
_REACHABLE = """
SELECT recipient_id, id, channel, kind, address, label, extra::text FROM audience_endpoint
WHERE recipient_id = ANY (%s) AND disabled_at IS NULL ORDER BY id DESC
"""


def people(recipient_ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Everything planning and sending need to know of people, in two statements. Erased ones are missing.

    Plain rows: through the ORM this was a sixth of the cost of planning somebody.
    """
    ids = list(set(recipient_ids))
    if not ids:
        return {}
    reachable: dict[UUID, dict[str, tuple[Reachable, ...]]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_REACHABLE, (ids,))
        for owner, id, channel, kind, address, label, extra in cursor.fetchall():
            endpoint = Reachable(id, channel, kind, address, label, _object(extra))
            channels = reachable.setdefault(owner, {})
            channels[channel] = (*channels.get(channel, ()), endpoint)
        cursor.execute(_PEOPLE, (ids,))
        return {
            id: Person(id, tenant_id, external_id, locale, timezone, _object(attributes), reachable.get(id, {}))
            for id, tenant_id, external_id, locale, timezone, attributes in cursor.fetchall()
        }


def _object(text: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = {} if text == "{}" else json.loads(text)
    return found


def external_ids(recipient_ids: Iterable[UUID]) -> dict[UUID, str]:
    """How the tenant calls these people; erased ones are missing."""
    rows = Recipient.objects.filter(id__in=set(recipient_ids)).order_by()
    return dict(rows.values_list("id", "external_id"))


def addresses_of(endpoint_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The addresses of endpoints, also of disabled ones; those that are gone are missing."""
    rows = Endpoint.objects.filter(id__in=set(endpoint_ids)).order_by()
    return dict(rows.values_list("id", "address"))


def inbox_of(*, tenant_id: UUID, recipient_id: UUID) -> QuerySet[InboxItem]:
    """Everything in one inbox, archive included, newest first."""
    return InboxItem.objects.filter(tenant_id=tenant_id, recipient_id=recipient_id).order_by("-created_at", "-id")


_COUNTS = """
SELECT recipient_id, count(*), count(*) FILTER (WHERE seen_at IS NULL), count(*) FILTER (WHERE read_at IS NULL)
FROM audience_inboxitem
JOIN unnest(%s::uuid[], %s::uuid[]) AS asked (tenant, recipient) ON tenant = tenant_id AND recipient = recipient_id
WHERE archived_at IS NULL
GROUP BY recipient_id
"""


def inbox_counts(inboxes: Collection[tuple[UUID, UUID]]) -> Mapping[UUID, Counts]:
    """Counts by recipient id of the inboxes given as (tenant, recipient), in one statement; empty ones count zero."""
    counts = {recipient_id: Counts() for _, recipient_id in inboxes}
    if not inboxes:
        return counts
    tenants, recipients = zip(*inboxes, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, (list(tenants), list(recipients)))
        for recipient_id, total, unseen, unread in cursor.fetchall():
            counts[recipient_id] = Counts(total, unseen, unread)
    return counts


def segment(*, tenant_id: UUID, key: str) -> Segment | None:
    return Segment.objects.filter(tenant_id=tenant_id, key=key).first()


def segment_sizes(tenant_id: UUID, keys: Collection[str]) -> dict[str, tuple[UUID, int]]:
    """Id and number of members, by key, of those lists that are there."""
    rows = Segment.objects.filter(tenant_id=tenant_id, key__in=set(keys)).annotate(size=Count("members"))
    return {key: (id, size) for key, id, size in rows.values_list("key", "id", "size")}


_SEGMENT_PAGE = """
SELECT recipient_id FROM audience_segmentmember
WHERE tenant_id = %s AND segment_id = %s AND recipient_id > %s ORDER BY recipient_id LIMIT %s
"""


def segment_page(tenant_id: UUID, segment_id: UUID, after_recipient_id: UUID | None, limit: int) -> Sequence[UUID]:
    """The next `limit` people of the list, by id; `None` begins at the start. Shorter than `limit` is the last page."""
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENT_PAGE, (tenant_id, segment_id, after_recipient_id or UUID(int=0), limit))
        return [id for (id,) in cursor.fetchall()]
