"""A trailing slash is optional everywhere: routes are written without, pages of Django's admin with."""

from collections.abc import Awaitable, Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

ADMIN = "/admin"


class OptionalSlash(MiddlewareMixin):
    """Resolves `/api/v1/notifications/` like `/api/v1/notifications`; `request.path` stays what was asked for."""

    get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]

    def process_request(self, request: HttpRequest) -> None:
        path = request.path_info
        if path.startswith(f"{ADMIN}/") or path == "/":
            return
        request.path_info = f"{ADMIN}/" if path == ADMIN else path.rstrip("/")
