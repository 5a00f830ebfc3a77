"""How the API says no: RFC 9457 problems, one shape everywhere.

Raise `Problem`, or one of the makers below it; everything else that a route raises is turned into one here.
"""

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec
import psycopg.errors
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions

from kernel.trace import current
from tenants.api.render import to_json
from tenants.idempotency import LostRace

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:carillon:problem:"
DATABASE_RETRY_SECONDS = 2
IN_FLIGHT_RETRY_SECONDS = 1
_RACES = (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation, psycopg.errors.ExclusionViolation)


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong with the input. `pointer` is an RFC 6901 pointer into the body; in a query, `/` and the name."""

    pointer: str
    code: str
    message: str


class ProblemBody(msgspec.Struct, kw_only=True):
    """RFC 9457: what was wrong. `code` is stable; `errors` lists everything wrong with the input, if that it was."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: tuple[FieldError, ...] = ()


class Problem(Exception):
    """An answer that says no. `code` is stable API; `title` is the same for every problem of that code."""

    def __init__(
        self,
        code: str,
        *,
        status: int,
        title: str = "",
        detail: str = "",
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}" if detail else f"{status} {code}")
        self.code = code
        self.status = status
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})


def invalid(errors: Sequence[FieldError], *, detail: str = "") -> Problem:
    """422: the input is well-formed but wrong; `errors` says everything that is."""
    counted = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return Problem("invalid", status=422, title="Invalid input", detail=detail or counted, errors=errors)


def not_found(detail: str = "") -> Problem:
    """404: not there or not yours, and never which."""
    return Problem("not_found", status=404, title="Not found", detail=detail or "No such thing, or not one of yours.")


def conflict(code: str, *, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    """409: the state of things does not allow it now."""
    return Problem(code, status=409, detail=detail, headers=headers)


def unauthorized(detail: str, *, error: str = "") -> Problem:
    """401, with the challenge of RFC 6750. `error` is its error code, empty when no credentials came."""
    challenge = f'Bearer realm="carillon", error="{error}"' if error else 'Bearer realm="carillon"'
    return Problem("unauthorized", status=401, detail=detail, headers={"WWW-Authenticate": challenge})


def forbidden(scope: str) -> Problem:
    """403: the caller is known but lacks `scope`."""
    return Problem("forbidden", status=403, detail=f"This needs the scope '{scope}', which your key does not have.")


def method_not_allowed(method: str, *, allowed: Sequence[str]) -> Problem:
    """405, with what the address does take."""
    names = ", ".join(allowed)
    detail = f"{method} is not for this address; it takes {names}."
    return Problem("method_not_allowed", status=405, detail=detail, headers={"Allow": names})


def unavailable(detail: str, *, retry_after_seconds: int = DATABASE_RETRY_SECONDS) -> Problem:
    """503: something we need is out for the moment; nothing was done."""
    return Problem("unavailable", status=503, detail=detail, headers={"Retry-After": str(retry_after_seconds)})


def in_flight() -> Problem:
    """409: the first request with the same idempotency key is still running."""
    return conflict(
        "idempotency_in_flight",
        detail="The first request with this idempotency key is still running; ask again in a moment.",
        headers={"Retry-After": str(IN_FLIGHT_RETRY_SECONDS)},
    )


def problem_of(error: Exception) -> Problem | None:
    """The problem that an exception stands for; `None` when it is nobody's expected outcome: a bug."""
    match error:
        case Problem():
            return error
        case LostRace():
            return in_flight()
        case DatabaseError() | InterfaceError():
            return _of_database(error)
        case exceptions.APIException():
            return _of_framework(error)
        case _:
            return _of_django(error)


def _of_database(error: Exception) -> Problem | None:
    match error:
        case OperationalError() | InterfaceError():
            return unavailable("The database does not answer at the moment. Nothing was done; try again.")
        case DataError():
            return Problem("invalid", status=422, title="Invalid input", detail="A value is beyond what can be stored.")
        case IntegrityError() if isinstance(error.__cause__, _RACES):
            return conflict("conflict", detail="Another request changed the same thing at the same moment; try again.")
        case _:
            return None


def _of_django(error: Exception) -> Problem | None:
    match error:
        case Http404():
            return not_found()
        case PermissionDenied():
            return Problem("forbidden", status=403, detail="Not allowed.")
        case RequestDataTooBig():
            return Problem("body_too_large", status=413, detail="The body is too large.")
        case SuspiciousOperation() | UnreadablePostError():
            return Problem("bad_request", status=400, detail="The request could not be read.")
        case _:
            return None


_FRAMEWORK_CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    415: "unsupported_media_type",
    429: "rate_limited",
    503: "unavailable",
}


def _of_framework(error: exceptions.APIException) -> Problem | None:
    """What Django REST framework raises by itself; its 500s stay what they are."""
    code = _FRAMEWORK_CODES.get(error.status_code)
    if code is None:
        return None
    wait = getattr(error, "wait", None)  # seconds, of a throttled request
    headers = {} if wait is None else {"Retry-After": str(math.ceil(wait))}
    return Problem(code, status=error.status_code, detail=str(error.detail), headers=headers)


def body_of(problem: Problem, *, request_id: str) -> ProblemBody:
    """What is told of the problem."""
    return ProblemBody(
        type=TYPE_PREFIX + problem.code,
        title=problem.title,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
        request_id=request_id,
        errors=problem.errors,
    )


def as_response(problem: Problem, *, request: HttpRequest) -> HttpResponse:
    """The problem on the wire."""
    body = body_of(problem, request_id=request_id_of(request))
    return HttpResponse(to_json(body), status=problem.status, content_type=CONTENT_TYPE, headers=problem.headers)


def answer(error: Exception, *, request: HttpRequest) -> HttpResponse:
    """The response to any exception. A bug is logged with its trace and answered without details."""
    problem = problem_of(error)
    if problem is None:
        logger.error("request.failed", exc_info=error, extra={"path": request.path, "method": request.method})
        got_request_exception.send(sender=None, request=request)
        problem = _bug()
    elif problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        logger.warning("request.unavailable", exc_info=error, extra={"path": request.path, "method": request.method})
    return as_response(problem, request=request)


def request_id_of(request: HttpRequest) -> str:
    """The id that the answer and the logs of this request carry."""
    trace = current()
    return trace.request_id if trace and trace.request_id else str(request.META.get("HTTP_X_REQUEST_ID", ""))[:200]


def _bug() -> Problem:
    return Problem("internal_error", status=500, detail="Something broke on our side; the request id finds it.")


def exception_handler(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """For Django REST framework's `EXCEPTION_HANDLER`."""
    return answer(error, request=context["request"]._request)


@csrf_exempt  # else a POST would be told about cookies
def unknown_url(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """For `handler404` and as the last route below `/api/`; people in a browser get a page elsewhere."""
    if _is_for_a_browser(request):
        return defaults.page_not_found(request, exception or Http404())
    return as_response(not_found("No such address."), request=request)


def server_error(request: HttpRequest) -> HttpResponse:
    """For `handler500`: what broke outside of any route of the API."""
    if _is_for_a_browser(request):
        return defaults.server_error(request)
    return as_response(_bug(), request=request)


def _is_for_a_browser(request: HttpRequest) -> bool:
    return not request.path.startswith("/api/") and "text/html" in request.headers.get("Accept", "")
