"""`POST /notifications/bulk`: up to 1,000 requests at once, each judged on its own."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from kernel import structs
from kernel.clock import now
from notifications.api.notifications import EXAMPLE, door_of, problem_of
from notifications.api.shapes import BulkAnswer, BulkResult
from notifications.services.accept import accept
from notifications.values import MAX_BULK, Accepted, Answer, BulkRequest, NotificationRequest, Refused
from tenants.api.base import TenantView
from tenants.api.bodies import body_of, decode, judge
from tenants.api.problems import Problem, invalid
from tenants.api.schema import operation
from tenants.api.strictness import strict_tree
from tenants.idempotency import LostRace
from tenants.rules.scopes import SEND

MAX_BODY_BYTES = 10 * 1024 * 1024
MALFORMED = "malformed_json"


class _Items(msgspec.Struct, forbid_unknown_fields=True):
    """The body, with its items unread: what is wrong with one is no concern of the others."""

    notifications: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MAX_BULK)]


class NotificationsBulk(TenantView):
    scopes = {"POST": SEND}
    idempotent = True
    max_body_bytes = MAX_BODY_BYTES

    @operation(
        "Send many notifications",
        body=BulkRequest,
        answers={202: BulkAnswer},
        example={"notifications": [EXAMPLE]},
    )
    def post(self, request: Request) -> HttpResponse:
        """Up to 1,000 requests in up to 10 MiB; each is accepted or refused as if they came one after the other.

        `Idempotency-Key` covers them all; the items' own `idempotency_key`s work as for single ones.
        """
        read = [_read(item) for item in _items(request)]
        asked = [item for item in read if isinstance(item, NotificationRequest)]
        answers = iter(accept(door=door_of(self.caller), requests=asked, at=now()))
        results = [_result(next(answers)) if isinstance(item, NotificationRequest) else item for item in read]
        accepted = sum(1 for result in results if result["status"] == 202)
        body = {"results": results, "accepted": accepted, "refused": len(results) - accepted}
        return HttpResponse(msgspec.json.encode(body), status=202, content_type="application/json")

    def _answer(self, handler: Callable[..., HttpResponse]) -> HttpResponse:
        """When another request finished with one of the keys meanwhile, all is done again: now its answer is there."""
        try:
            return super()._answer(handler)
        except LostRace:
            return super()._answer(handler)


def _items(request: Request) -> list[msgspec.Raw | Problem]:
    """The items, unread, or what is wrong with their JSON. Raises `Problem`: 413, 415, 400, or 422 for what is around
    them.
    """
    try:
        return list(decode(request, _Items).notifications)
    except Problem as problem:
        if problem.code != MALFORMED:
            raise
        # JSON that parses but that we do not take (a key twice, U+0000): the item that has it is refused, no other.
        try:
            items = structs.decode(body_of(request), _Items).notifications
        except (msgspec.MsgspecError, RecursionError):
            raise problem from None
        return [_strict(item) for item in items]


def _strict(item: msgspec.Raw) -> msgspec.Raw | Problem:
    try:
        strict_tree(bytes(item))
    except Problem as problem:
        return problem
    return item


def _read(item: msgspec.Raw | Problem) -> NotificationRequest | dict[str, Any]:
    """The request, or the result that refuses it."""
    if isinstance(item, Problem):
        return _refused(item)
    read = judge(item, struct=NotificationRequest)
    return read if isinstance(read, NotificationRequest) else _refused(invalid(read))


def _result(answer: Answer) -> dict[str, Any]:
    """As `BulkResult`; an accepted notification is answered as it was stored, byte for byte."""
    match answer:
        case Accepted(id=id, body=body, replayed=replayed):
            result = {"status": 202, "id": id, "notification": msgspec.Raw(body)}
            return {**result, "replayed": True} if replayed else result
        case Refused():
            return _refused(problem_of(answer))


def _refused(problem: Problem) -> dict[str, Any]:
    refused = BulkResult(status=problem.status, code=problem.code, detail=problem.detail)
    if problem.errors:
        refused.errors = list(problem.errors)
    result: dict[str, Any] = msgspec.to_builtins(refused)
    return result
