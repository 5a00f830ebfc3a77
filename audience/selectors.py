"""Look people, lists and inboxes up: always inside a scope, which decides what can be seen."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from django.db import connection
from django.db.models import Count, QuerySet

from audience.models import Endpoint, InboxItem, Recipient, Segment, SegmentMember
from audience.values import Counts, Person, Reachable


def recipient_ids(tenant_id: UUID, external_ids: Collection[str]) -> dict[str, UUID]:
    """Ids of those who are known, by external id."""
    if not external_ids:
        return {}
    rows = Recipient.objects.filter(tenant_id=tenant_id, external_id__in=set(external_ids))
    return dict(rows.order_by().values_list("external_id", "id"))


def recipient(*, tenant_id: UUID, external_id: str) -> Recipient | None:
    """One person with their endpoints, newest first."""
    return Recipient.objects.filter(tenant_id=tenant_id, external_id=external_id).prefetch_related("endpoints").first()


def people(recipient_ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Everything planning and sending need to know of people, in two statements. Erased ones are missing."""
    ids = set(recipient_ids)
    if not ids:
        return {}
    reachable: dict[UUID, dict[str, list[Reachable]]] = defaultdict(lambda: defaultdict(list))
    rows = Endpoint.objects.filter(recipient_id__in=ids, disabled_at=None).order_by("-id")
    for owner, *facts in rows.values_list(
        "recipient_id", "id", "channel", "kind", "address", "label", "extra", "created_at"
    ):
        endpoint = Reachable(*facts)
        reachable[owner][endpoint.channel].append(endpoint)
    found = Recipient.objects.filter(id__in=ids).order_by()
    return {
        id: Person(
            id=id,
            tenant_id=tenant_id,
            external_id=external_id,
            locale=locale,
            timezone=timezone,
            attributes=attributes,
            endpoints={channel: tuple(endpoints) for channel, endpoints in reachable[id].items()},
        )
        for id, tenant_id, external_id, locale, timezone, attributes in found.values_list(
            "id", "tenant_id", "external_id", "locale", "timezone", "attributes"
        )
    }


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


def segment_page(tenant_id: UUID, segment_id: UUID, after_recipient_id: UUID | None, limit: int) -> Sequence[UUID]:
    """The next `limit` people of the list, by id; `None` begins at the start. Shorter than `limit` is the last page."""
    rows = SegmentMember.objects.filter(tenant_id=tenant_id, segment_id=segment_id)
    if after_recipient_id is not None:
        rows = rows.filter(recipient_id__gt=after_recipient_id)
    return list(rows.order_by("recipient_id").values_list("recipient_id", flat=True)[:limit])
