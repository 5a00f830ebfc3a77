"""`/admin/templates/` is the list of templates and partials, `/admin/templates/{key}` the editor of a template and
`/admin/templates/-/partials/{key}` that of a partial: one page, a module for each.
"""

from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from templates_app.catalogue import shapes
from templates_app.pages.access import may_read, may_write, tenants

# What is not named here is refused. Trusted Types make it impossible for our script to write HTML; what people wrote
# is shown in frames of another origin, see `frame`.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


@require_safe
def editor(request: HttpRequest, key: str = "", partial: str = "") -> HttpResponse:
    """The page; `key` is the template to open, `partial` the partial; without either the list is shown."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), "/admin/login/")
    if not may_read(request.user):
        raise PermissionDenied
    page = render_to_string("templates_app/editor.html", _facts(request, key, partial), request)
    return HttpResponse(page, headers=HEADERS)


def _facts(request: HttpRequest, key: str, partial: str) -> dict[str, Any]:
    known = tenants()
    asked = request.GET.get("tenant", "")
    chosen = next((one for one in known if asked in (one.key, str(one.id))), known[0] if known else None)
    return {
        "key": key,
        "partial": partial,
        "tenants": known,
        "chosen": chosen,
        "channels": ",".join(shapes()),
        "may_write": may_write(request.user),
        "csrf": get_token(request),
    }
