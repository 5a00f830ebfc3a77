"""`/u/{token}`: a page with a button, and RFC 8058 one-click for mailbox providers.

GET never changes anything: link scanners follow every link. POST needs no cookie, no login and no redirect.
"""

from datetime import timedelta
from http import HTTPStatus
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from audience.selectors import people
from kernel.clock import now
from kernel.masking import mask
from preferences.address_hash import Contact
from preferences.pages.centre_words import CENTRE_WORDS
from preferences.pages.frame import direction_of, headers_for, language_of, style_of
from preferences.pages.words import WORDS
from preferences.rules.suppression import Ban, Reason
from preferences.rules.unsubscribe_token import Leaving
from preferences.selectors import bans_in_force
from preferences.services import leaving_of, subscribe_again, unsubscribe
from preferences.services.centre_links import centre_link, has_taken_back
from preferences.services.unsubscribing import contact_of
from tenants.models import Tenant
from tenants.scope import tenant_scope

STYLE = style_of("unsubscribe.css")
HEADERS = headers_for(STYLE)
METHODS = ("GET", "HEAD", "POST")
LOOKS_ON = timedelta(hours=12)
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
        contact, more = contact_of(leaving), _centre_of(leaving)
    address = mask(contact.address) if isinstance(contact, Contact) else "•••"
    return _page(request, state, status=status, sender=tenant.name, address=address, scope=leaving.scope, more=more)


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


def _centre_of(leaving: Leaving) -> str:
    """The path of the person's preference centre, for as long as somebody may read this page.

    Empty once they were erased, or when their links were taken back: a mail that went astray must not make new ones.
    """
    if not people([leaving.recipient_id]) or has_taken_back(leaving.tenant_id, leaving.recipient_id):
        return ""
    url, _ = centre_link(leaving.tenant_id, leaving.recipient_id, at=now(), lives=LOOKS_ON)
    return urlsplit(url).path


def _page(
    request: HttpRequest,
    state: str,
    *,
    status: int,
    sender: str = "",
    address: str = "",
    scope: str = "",
    more: str = "",
) -> HttpResponse:
    language = language_of(request)
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
            "direction": direction_of(language),
            "words": words,
            "style": STYLE,
            "state": state,
            "sender": sender,
            "heading": heading.format(**said),
            "detail": detail.format(**said),
            "more": more,
            "more_words": CENTRE_WORDS[language]["link"],
        },
    )
    return HttpResponse(page, status=status, headers={**HEADERS, "Content-Language": language})
