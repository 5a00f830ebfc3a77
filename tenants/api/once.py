"""`Idempotency-Key`: the first answer again to the same request, a refusal to another one."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpResponse
from rest_framework.request import Request

from kernel.clock import now
from tenants.api.bodies import body_of, tree_of
from tenants.api.problems import FieldError, Problem, in_flight, invalid
from tenants.idempotency import Claim, Done, InFlight, Replay, Reused, remember, reserve
from tenants.rules.sameness import MAX_KEY_CHARS, fingerprint, is_key
from tenants.values import Caller

HEADER = "Idempotency-Key"
KEPT_HEADERS = ("Content-Type", "Location", "ETag")


def answered_once(request: Request, *, caller: Caller, work: Callable[[], HttpResponse]) -> HttpResponse:
    """The answer of `work`, or the one it gave before. Call it inside the transaction that works.

    Raises `Problem` 422 for a bad or reused key, 409 while the first request runs.
    """
    key = key_of(request)
    if not key:
        return work()
    mark = fingerprint_of(request, caller=caller)
    at = now()
    (verdict,) = reserve(caller.tenant_id, claims=(Claim(key, mark),), at=at)
    match verdict:
        case Replay():
            return replayed(verdict)
        case Reused():
            raise reused()
        case InFlight():
            raise in_flight()
    response = work()
    if HTTPStatus.OK <= response.status_code < HTTPStatus.MULTIPLE_CHOICES:
        headers = {name: response[name] for name in KEPT_HEADERS if name in response}
        done = Done(key, mark, status=response.status_code, headers=headers, body=response.content)
        remember(caller.tenant_id, done=(done,), at=at)
    return response


def key_of(request: Request) -> str:
    """The request's `Idempotency-Key`, empty when it has none. Raises `Problem` 422 when it cannot be one."""
    key = request.headers.get(HEADER)
    if key is None:
        return ""
    if not is_key(key):
        raise invalid(
            [FieldError("", "invalid_format", f"{HEADER}: expected 1 to {MAX_KEY_CHARS} visible ASCII characters")]
        )
    return str(key)


def fingerprint_of(request: Request, *, caller: Caller) -> bytes:
    """What makes this request the same as another one."""
    body = tree_of(request) if body_of(request) else None
    return fingerprint(body, method=str(request.method), path=request.path, mode=caller.mode)


def replayed(replay: Replay) -> HttpResponse:
    response = HttpResponse(replay.body, status=replay.status, headers=dict(replay.headers))
    response["Idempotent-Replayed"] = "true"
    return response


def reused() -> Problem:
    return Problem(
        "idempotency_key_reused",
        status=422,
        title="Idempotency key reused",
        detail="This idempotency key belongs to another request; use a new key for a new request.",
    )
