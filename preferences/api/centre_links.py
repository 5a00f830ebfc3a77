"""`/recipients/{id}/preferences/link`: a link that opens one person's preference centre, and taking such links back."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from audience.selectors import recipient_ids
from kernel.clock import now
from preferences.services.centre_links import LIVES, LIVES_AT_MOST, centre_link, take_back_links
from tenants.api.base import TenantView
from tenants.api.bodies import decode_optional
from tenants.api.problems import not_found
from tenants.api.schema import operation
from tenants.rules.scopes import MANAGE
from tenants.services import audit

_MOST_SECONDS = int(LIVES_AT_MOST.total_seconds())


class LinkBody(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """How long the link is to work, in whole minutes."""

    expires_in_seconds: Annotated[int, Meta(ge=60, le=_MOST_SECONDS)] = int(LIVES.total_seconds())


class LinkShown(msgspec.Struct, kw_only=True, frozen=True):
    """Whoever has `url` may see and change what the person wants, so give it to them alone."""

    url: str
    expires_at: datetime


class CentreLink(TenantView):
    scopes = {"POST": MANAGE, "DELETE": MANAGE}

    @operation(
        "Make a link to a preference centre",
        body=LinkBody,
        body_required=False,
        answers={201: LinkShown},
        example={"expires_in_seconds": 86_400},
        name="preference_link_create",
    )
    def post(self, request: Request, external_id: str) -> Response:
        """For a message or an account page; a year unless you say otherwise. Earlier links go on working."""
        body = decode_optional(request, LinkBody)
        lives = timedelta(minutes=body.expires_in_seconds // 60)
        url, expires_at = centre_link(self.caller.tenant_id, self._recipient(external_id), at=now(), lives=lives)
        return Response(LinkShown(url=url, expires_at=expires_at), status=201, headers={"Cache-Control": "no-store"})

    @operation("Take back links to a preference centre", answers={204: None}, name="preference_link_revoke")
    def delete(self, request: Request, external_id: str) -> Response:
        """Every link made for this person so far stops working, those in messages too. Unsubscribe links go on."""
        at, recipient_id = now(), self._recipient(external_id)
        take_back_links(self.caller.tenant_id, recipient_id, at=at)
        audit(
            self.caller.tenant_id,
            actor=self.caller.actor,
            action="preference_links.taken_back",
            object=f"recipient:{recipient_id}",
            at=at,
        )
        return Response(status=204)

    def _recipient(self, external_id: str) -> UUID:
        found = recipient_ids(tenant_id=self.caller.tenant_id, external_ids=(external_id,))
        if external_id not in found:
            raise not_found()
        return found[external_id]
