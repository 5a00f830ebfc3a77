"""`/dead-letters`: what ran out of ways, and what people do about it."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from kernel.clock import now
from orchestrator.api.dead_letter_shapes import (
    ANY,
    DeadLetterFilter,
    DeadLettersChanged,
    DeadLetterShown,
    DiscardBody,
    NarrowingBody,
    ReplayBody,
    ReplayShown,
    TagBody,
    letters_shown,
    replay_shown,
)
from orchestrator.models import DeadLetter
from orchestrator.services.dead_letters import Narrowing, discard, tag
from orchestrator.services.replays import Matching, Named, rehearse, replay
from tenants.api.base import TenantView
from tenants.api.bodies import decode
from tenants.api.pages import filtered, paginate
from tenants.api.problems import FieldError, invalid
from tenants.api.schema import operation, page_of
from tenants.rules.scopes import MANAGE, READ


class DeadLetters(TenantView):
    """The tenant's dead letters."""

    scopes = {"GET": READ}

    @operation("List dead letters", answers={200: page_of(DeadLetterShown)}, query=DeadLetterFilter)
    def get(self, request: Request) -> Response:
        """Newest first. Without `state` only the open ones: what nobody has dealt with."""
        rows = filtered(request, DeadLetter.objects.filter(tenant_id=self.caller.tenant_id), by=DeadLetterFilter)
        return Response(paginate(request, rows, show=lambda page: letters_shown(page, at=now())))


class DeadLetterDetail(TenantView):
    """One dead letter."""

    scopes = {"GET": READ}

    @operation("Get a dead letter", answers={200: DeadLetterShown})
    def get(self, request: Request, id: UUID) -> Response:
        """Its attempts are at `links.delivery`, its story at `links.timeline`."""
        letter = get_object_or_404(DeadLetter, tenant_id=self.caller.tenant_id, id=id)
        return Response(letters_shown([letter], at=now())[0])


class DeadLetterReplay(TenantView):
    """Trying again."""

    scopes = {"POST": MANAGE}
    idempotent = True

    @operation(
        "Replay dead letters", body=ReplayBody, answers={200: ReplayShown},
        example={"filter": {"channel": "email", "reason": "attempts_exhausted"}, "rate_per_second": 20},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Each gets a new budget of attempts and a day, one every 1/`rate_per_second` seconds, up to 10,000 at once.

        Asking twice replays nothing twice. With `dry_run` nothing is changed and the answer says what would be.
        """
        asked, at = decode(request, ReplayBody), now()
        selection = _selection(asked)
        tenant_id, rate = self.caller.tenant_id, asked.rate_per_second
        if asked.dry_run:
            done = rehearse(selection, tenant_id=tenant_id, rate_per_second=rate, at=at)
        else:
            done = replay(selection, tenant_id=tenant_id, rate_per_second=rate, actor=self.caller.actor, at=at)
        return Response(replay_shown(done, asked))


class DeadLetterTag(TenantView):
    """Sorting them."""

    scopes = {"POST": MANAGE}

    @operation("Tag dead letters", body=TagBody, answers={200: DeadLettersChanged})
    def post(self, request: Request) -> Response:
        """Puts tags on and takes tags off; a tag in both lists is taken off."""
        asked = decode(request, TagBody)
        changed = tag(
            asked.ids,
            tenant_id=self.caller.tenant_id,
            add=asked.add,
            remove=asked.remove,
            actor=self.caller.actor,
            at=now(),
        )
        return Response(DeadLettersChanged(changed=changed))


class DeadLetterDiscard(TenantView):
    """Letting go of them."""

    scopes = {"POST": MANAGE}

    @operation("Discard dead letters", body=DiscardBody, answers={200: DeadLettersChanged})
    def post(self, request: Request) -> Response:
        """Closes open ones for good; their deliveries stay failed. One that is named by id can still be replayed."""
        asked = decode(request, DiscardBody)
        caller = self.caller
        changed = discard(asked.ids, tenant_id=caller.tenant_id, reason=asked.reason, actor=caller.actor, at=now())
        return Response(DeadLettersChanged(changed=changed))


def _selection(asked: ReplayBody) -> Named | Matching:
    match asked:
        case ReplayBody(ids=list() as ids, filter=None):
            return Named(ids)
        case ReplayBody(ids=None, filter=NarrowingBody() as said):
            given = {name: getattr(said, name) for name in said.__struct_fields__}
            return Matching(Narrowing(**{**given, "state": "" if said.state == ANY else said.state}))
        case _:
            raise invalid([FieldError("", "invalid", "give either ids or a filter; {} is every open dead letter")])
