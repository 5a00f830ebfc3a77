"""Who may write in the editor: staff of the admin, for the tenant that the page names in every request.

The page speaks to the very views of `/api/v1/templates`, so there is one set of rules, answers and trails; only who is
calling is found out differently. The tenant comes in a header that a page of another origin cannot send, and
everything but reading needs Django's CSRF token too.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.request import Request

from tenants.api.problems import Problem, forbidden, unauthorized
from tenants.models import Tenant
from tenants.rules.scopes import MANAGE, READ, SEND, implied
from tenants.scope import platform_scope
from tenants.values import Caller

TENANT_HEADER = "HTTP_X_CARILLON_TENANT"
MAY_READ, MAY_WRITE = "templates_app.view_template", "templates_app.change_template"
Person = AbstractBaseUser | AnonymousUser


def may_read(person: Person) -> bool:
    """Whether somebody sees the editor at all."""
    return _is_staff(person) and (_has(person, MAY_READ) or _has(person, MAY_WRITE))


def may_write(person: Person) -> bool:
    """Whether somebody's changes are taken."""
    return _is_staff(person) and _has(person, MAY_WRITE)


def tenants() -> Sequence[Tenant]:
    """Whose words there are to write, by name. In the platform's scope."""
    return list(Tenant.objects.order_by("name", "key"))


class StaffSession(BaseAuthentication):
    """Puts a `Caller` into `request.auth` for somebody who is logged in at the admin."""

    def authenticate(self, request: Request) -> tuple[Any, Caller]:
        http: HttpRequest = request._request
        person: Person = http.user
        if not _is_staff(person):
            raise unauthorized("Log in at /admin/ first.")
        _check_csrf(http)
        scopes = (MANAGE, SEND) if may_write(person) else (READ,) if may_read(person) else ()
        if not scopes:
            raise forbidden(READ)
        actor = f"user:{person.get_username()}"
        return person, Caller(_tenant_id(http), "live", implied(scopes), actor)

    def authenticate_header(self, request: Request) -> str:
        return 'Session realm="carillon"'


def _tenant_id(request: HttpRequest) -> UUID:
    given = request.META.get(TENANT_HEADER, "")
    try:
        wanted = UUID(given)
    except ValueError:
        raise Problem("invalid_tenant", status=400, detail="X-Carillon-Tenant names a tenant by its id.") from None
    with platform_scope():
        found = Tenant.objects.filter(id=wanted).values_list("id", flat=True).first()
    if found is None:
        raise Problem("invalid_tenant", status=400, detail="No tenant has the id in X-Carillon-Tenant.")
    return found


def _check_csrf(request: HttpRequest) -> None:
    check = CSRFCheck(lambda _: None)  # type: ignore[arg-type]
    check.process_request(request)
    if reason := check.process_view(request, None, (), {}):  # type: ignore[arg-type]
        raise Problem("csrf_failed", status=403, detail=f"{reason} Load the page again.")


def _is_staff(person: Person) -> bool:
    return bool(person.is_active and getattr(person, "is_staff", False))


def _has(person: Person, permission: str) -> bool:
    return bool(getattr(person, "has_perm", lambda _: False)(permission))
