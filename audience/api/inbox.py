"""Routes of one's own inbox, opened by a recipient token."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from audience.api.auth import OWN, OwnView
from audience.api.filters import InboxFilter
from audience.api.inbox_pages import inbox_page
from audience.api.shapes import CountsShown, ItemsChanged
from audience.messages import InboxItemShown, shown
from audience.selectors import inbox_counts, inbox_of
from audience.services import mark, read_all, see_all
from kernel.clock import now
from tenants.api.pages import filtered
from tenants.api.problems import not_found
from tenants.api.schema import operation, page_of


class InboxView(OwnView):
    scopes = {"GET": OWN}

    @operation("Read my inbox", answers={200: page_of(InboxItemShown)}, query=InboxFilter)
    def get(self, request: Request) -> Response:
        """Newest first, without the archive unless asked for; looking changes nothing."""
        rows = inbox_of(tenant_id=self.caller.tenant_id, recipient_id=self.caller.recipient_id)
        return Response(inbox_page(request, filtered(request, rows, by=InboxFilter)))


class InboxCountsView(OwnView):
    scopes = {"GET": OWN}

    @operation("Count my inbox", answers={200: CountsShown})
    def get(self, request: Request) -> Response:
        """Of what is not archived: how many there are, and how many are neither seen nor read."""
        counts = inbox_counts([(self.caller.tenant_id, self.caller.recipient_id)])[self.caller.recipient_id]
        return Response(CountsShown(total=counts.total, unseen=counts.unseen, unread=counts.unread))


class _EngagementView(OwnView):
    """Something done to one item. Doing it twice changes nothing and answers the same."""

    engagement = ""

    def _mark(self, item_id: UUID) -> Response:
        item = mark(
            tenant_id=self.caller.tenant_id,
            recipient_id=self.caller.recipient_id,
            item_id=item_id,
            engagement=self.engagement,
            at=now(),
            actor=self.caller.actor,
        )
        if item is None:
            raise not_found()
        return Response(shown(item))


class SeenView(_EngagementView):
    scopes = {"POST": OWN}
    engagement = "seen"

    @operation("An item was seen", answers={200: InboxItemShown})
    def post(self, request: Request, item_id: UUID) -> Response:
        """It appeared on the screen."""
        return self._mark(item_id)


class ReadView(_EngagementView):
    scopes = {"POST": OWN}
    engagement = "read"

    @operation("An item was read", answers={200: InboxItemShown})
    def post(self, request: Request, item_id: UUID) -> Response:
        """It was opened; it is seen, too."""
        return self._mark(item_id)


class UnreadView(_EngagementView):
    scopes = {"POST": OWN}
    engagement = "unread"

    @operation("An item is to count as unread again", answers={200: InboxItemShown})
    def post(self, request: Request, item_id: UUID) -> Response:
        """It stays seen."""
        return self._mark(item_id)


class ArchiveView(_EngagementView):
    scopes = {"POST": OWN}
    engagement = "archive"

    @operation("Archive an item", answers={200: InboxItemShown})
    def post(self, request: Request, item_id: UUID) -> Response:
        """It leaves the inbox for the archive and counts no longer."""
        return self._mark(item_id)


class UnarchiveView(_EngagementView):
    scopes = {"POST": OWN}
    engagement = "unarchive"

    @operation("Take an item out of the archive", answers={200: InboxItemShown})
    def post(self, request: Request, item_id: UUID) -> Response:
        """It is in the inbox again, in its old place."""
        return self._mark(item_id)


class SeeAllView(OwnView):
    scopes = {"POST": OWN}

    @operation("Everything was seen", answers={200: ItemsChanged})
    def post(self, request: Request) -> Response:
        """Not the archive. `changed` is how many items were unseen before."""
        caller = self.caller
        changed = see_all(tenant_id=caller.tenant_id, recipient_id=caller.recipient_id, at=now(), actor=caller.actor)
        return Response(ItemsChanged(changed=changed))


class ReadAllView(OwnView):
    scopes = {"POST": OWN}

    @operation("Everything was read", answers={200: ItemsChanged})
    def post(self, request: Request) -> Response:
        """Not the archive. `changed` is how many items were unread before."""
        caller = self.caller
        changed = read_all(tenant_id=caller.tenant_id, recipient_id=caller.recipient_id, at=now(), actor=caller.actor)
        return Response(ItemsChanged(changed=changed))
