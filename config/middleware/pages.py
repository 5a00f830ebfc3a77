"""Sessions and logins are for pages in a browser; the API has keys and pays for none of them.

Each class is Django's own, skipped for requests that are not for pages.
"""

from typing import Any

from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import transaction
from django.http import HttpRequest, HttpResponseBase

from tenants.scope import platform_scope

_NOT_PAGES = ("/api/", "/hooks/", "/t/", "/o/", "/sse/", "/healthz", "/readyz", "/metrics", "/version")


class PagesOnly:
    """Lets requests that are not for pages through to the next middleware untouched."""

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        if request.path_info.startswith(_NOT_PAGES):
            return self.get_response(request)
        return super().__call__(request)  # type: ignore[misc]


class Sessions(PagesOnly, SessionMiddleware):
    """Sessions of people at the admin."""


class Authentication(PagesOnly, AuthenticationMiddleware):
    """Who is at the admin."""


class Messages(PagesOnly, MessageMiddleware):
    """What the admin says after a form."""


class AdminScope:
    """The admin sees every tenant: its requests run in one transaction as the dispatcher, undone when they fail."""

    def __init__(self, get_response: Any) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/admin/"):
            answer: HttpResponseBase = self.get_response(request)
            return answer
        with platform_scope():
            response: HttpResponseBase = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
            return response
