"""Gives each request its id and its place in a trace, tells the caller both, and writes a line and a figure of it."""

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponseBase

from kernel.metrics import HTTP_SECONDS
from kernel.trace import Trace, continued, entered, request_id_from

log = logging.getLogger("carillon.request")

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_UNLOGGED = ("/healthz", "/readyz", "/metrics", "/static/")  # asked all the time; they keep their figures
_PATH_CHARS = 200

Next = Callable[[HttpRequest], HttpResponseBase]
NextAsync = Callable[[HttpRequest], Awaitable[HttpResponseBase]]


class RequestContext:
    """The outermost middleware. Sets `request.request_id`; `kernel.trace.current()` is the request's trace inside."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Next | NextAsync) -> None:
        self._next = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self._is_async:
            return self._answer_async(request)
        began, trace = _begin(request)
        with entered(trace):
            response = self._next(request)
            assert isinstance(response, HttpResponseBase)
            return _end(request, response, trace=trace, began=began)

    async def _answer_async(self, request: HttpRequest) -> HttpResponseBase:
        began, trace = _begin(request)
        with entered(trace):
            response = self._next(request)
            assert not isinstance(response, HttpResponseBase)
            return _end(request, await response, trace=trace, began=began)


def _begin(request: HttpRequest) -> tuple[float, Trace]:
    began = perf_counter()
    structlog.contextvars.clear_contextvars()
    request_id = request_id_from(request.META.get("HTTP_X_REQUEST_ID", ""))
    request.request_id = request_id  # type: ignore[attr-defined]
    return began, continued(request.META.get("HTTP_TRACEPARENT", ""), request_id=request_id)


def _end(request: HttpRequest, response: HttpResponseBase, *, trace: Trace, began: float) -> HttpResponseBase:
    response["X-Request-ID"] = trace.request_id
    response["traceparent"] = trace.traceparent
    seconds = perf_counter() - began
    route = request.resolver_match.route if request.resolver_match else ""
    method = request.method if request.method in _METHODS else "other"
    HTTP_SECONDS.labels(method, route or "none", str(response.status_code)).observe(seconds)
    if not request.path.startswith(_UNLOGGED):
        # Paths hold tokens and addresses, routes do not: the path is told only where no route took it.
        where = {"route": route} if route else {"path": request.path[:_PATH_CHARS]}
        fields = {"method": method, **where, "status": response.status_code, "ms": round(seconds * 1000, 2)}
        log.info("request.answered", extra=fields)
    structlog.contextvars.clear_contextvars()
    return response
