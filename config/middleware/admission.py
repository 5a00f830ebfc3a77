"""Refuses what is beyond ORCHESTRATOR_MAX_CONCURRENT_REQUESTS at once, before it waits until it is useless."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from config.admission import in_spare_thread, load
from tenants.api.problems import as_response, unavailable

RETRY_AFTER_SECONDS = 1
_ALWAYS = frozenset({"/healthz", "/readyz", "/metrics", "/version"})


class Admission:
    """503 with `Retry-After` while this process has more in progress than it should; operators are always let in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        in_progress = load.begin()
        try:
            is_full = in_progress > settings.ORCHESTRATOR.max_concurrent_requests or in_spare_thread()
            if is_full and request.path not in _ALWAYS:
                return _refusal(request)
            return self._next(request)
        finally:
            load.end()


def _refusal(request: HttpRequest) -> HttpResponse:
    problem = unavailable(
        "More requests are in progress than this server takes on. Nothing was done; try again.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )
    return as_response(problem, request=request)
