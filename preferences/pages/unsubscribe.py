"""`/u/{token}`: a page with a button, and RFC 8058 one-click for mailbox providers.

GET never changes anything: link scanners follow every link. POST needs no cookie, no login and no redirect.
"""

import base64
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt

from kernel.clock import now
from kernel.masking import mask
from preferences.address_hash import Contact
from preferences.pages.words import DEFAULT, RIGHT_TO_LEFT, WORDS
from preferences.rules.suppression import Ban, Reason
from preferences.rules.unsubscribe_token import Leaving
from preferences.selectors import bans_in_force
from preferences.services import leaving_of, subscribe_again, unsubscribe
from preferences.services.unsubscribing import contact_of
from tenants.models import Tenant
from tenants.scope import tenant_scope

STYLE = (Path(__file__).parent / "unsubscribe.css").read_text(encoding="utf-8").strip()
_STYLE_HASH = base64.b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}
METHODS = ("GET", "HEAD", "POST")
ASK, DONE, BACK, WRONG = "ask", "done", "back", "wrong"


@csrf_exempt
def unsubscribe_page(request: HttpRequest, token: str) -> HttpResponse:
    """Ask (GET), leave (POST `List-Unsubscribe=One-Click`) or come back (POST `List-Subscribe=Again`)."""
    if request.method not in METHODS:
        return HttpResponse(status=405, headers={"Allow": ", ".join(METHODS)})
    leaving = leaving_of(token)
    if leaving is None:
        return _page(request, WRONG, status=404)
    with tenant_scope(leaving.tenant_id):
        tenant = Tenant.objects.filter(id=leaving.tenant_id).first()
        if tenant is None:
            return _page(request, WRONG, status=404)
        state, status = _done(request, leaving)
        contact = contact_of(leaving)
    address = mask(contact.address) if isinstance(contact, Contact) else "•••"
    return _page(request, state, status=status, sender=tenant.name, address=address, scope=leaving.scope)


def _done(request: HttpRequest, leaving: Leaving) -> tuple[str, int]:
    """Do what is asked for; returns how things stand and the status of the answer."""
    if request.method == "POST":
        if request.POST.get("List-Unsubscribe") == "One-Click":
            unsubscribe(leaving, at=now())
            return DONE, HTTPStatus.OK
        if request.POST.get("List-Subscribe") == "Again":
            subscribe_again(leaving, at=now())
            return BACK, HTTPStatus.OK
        return ASK, HTTPStatus.BAD_REQUEST
    left = Ban(Reason.UNSUBSCRIBE, leaving.scope) in bans_in_force(leaving.address_hash)
    return (DONE if left else ASK), HTTPStatus.OK


def _page(
    request: HttpRequest, state: str, *, status: int, sender: str = "", address: str = "", scope: str = ""
) -> HttpResponse:
    language = _language(request)
    words = WORDS[language]
    what = scope.partition(":")[2].replace("_", " ").replace("-", " ")
    heading, detail = {
        ASK: (words["question" if what else "question_all"], words["detail"]),
        DONE: (words["done"], words["done_detail"]),
        BACK: (words["back"], words["back_detail"]),
        WRONG: (words["wrong"], words["wrong_detail"]),
    }[state]
    said = {"sender": sender, "address": f"\u2068{address}\u2069", "what": what}  # isolated from the text's direction
    page = render_to_string(
        "preferences/unsubscribe.html",
        {
            "language": language,
            "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
            "words": words,
            "style": STYLE,
            "state": state,
            "sender": sender,
            "heading": heading.format(**said),
            "detail": detail.format(**said),
        },
    )
    return HttpResponse(page, status=status, headers={**HEADERS, "Content-Language": language})


def _language(request: HttpRequest) -> str:
    wanted = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    spoken = (tag.partition("-")[0] for tag, _ in wanted)
    return next((language for language in spoken if language in WORDS), DEFAULT)
