"""What operators and their machines ask: alive, ready, which version, which figures."""

import platform
from collections.abc import Callable
from functools import wraps
from hmac import compare_digest

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from config import metrics
from config.health import findings
from config.version import VERSION
from tenants.api.problems import as_response, method_not_allowed, unauthorized

View = Callable[[HttpRequest], HttpResponse]


def only_read(view: View) -> View:
    """For addresses that nothing is sent to; other methods are a problem 405."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.method in ("GET", "HEAD"):
            return view(request)
        return as_response(method_not_allowed(str(request.method), allowed=("GET", "HEAD")), request=request)

    return guarded


@only_read
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers. Asks nothing of anybody."""
    return _fresh(JsonResponse({"status": "ok"}))


@only_read
def readyz(_request: HttpRequest) -> HttpResponse:
    """Each dependency; 503 when one is out."""
    found = findings()
    ready = all(finding.well for finding in found)
    checks = {
        finding.name: {"status": "ok" if finding.well else "out", "detail": finding.detail, "ms": finding.ms}
        for finding in found
    }
    body = {"status": "ready" if ready else "not_ready", "checks": checks}
    return _fresh(JsonResponse(body, status=200 if ready else 503))


@only_read
def version(_request: HttpRequest) -> HttpResponse:
    """What runs here."""
    return _fresh(
        JsonResponse(
            {
                "name": "carillon",
                "version": VERSION,
                "git_sha": settings.GIT_SHA or None,
                "python": platform.python_version(),
                "django": django.get_version(),
            }
        )
    )


@only_read
def metrics_page(request: HttpRequest) -> HttpResponse:
    """Counters of all processes and gauges of now, for those who know the token if there is one."""
    token = settings.METRICS_TOKEN
    if token and not compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode()):
        return as_response(unauthorized("Send `Authorization: Bearer <METRICS_TOKEN>`."), request=request)
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


def _fresh(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response
