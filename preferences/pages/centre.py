"""`/p/{token}`: a person's choices on one page, without login and without script.

The token in the URL is the key: whoever has it may look and save, and a page elsewhere that does not have it cannot
make a browser save anything. GET never changes anything.
"""

from collections.abc import Mapping
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt

from audience.selectors import people
from kernel.clock import now
from preferences.address_hash import Contact
from preferences.pages.centre_form import Changes, Choices, all_off, as_it_stands, as_typed, changes_of, faults_in
from preferences.pages.centre_look import Centre, look
from preferences.pages.centre_shown import consent_text, shown
from preferences.pages.centre_words import CENTRE_WORDS, CONSENT_VERSION
from preferences.pages.frame import direction_of, headers_for, language_of, style_of
from preferences.services.centre_links import opening_of, was_taken_back
from preferences.services.choosing import Chosen, keep_known, save
from preferences.services.consents import NewConsent
from tenants.models import Tenant
from tenants.scope import tenant_scope

STYLE = style_of("unsubscribe.css", "centre.css")
HEADERS = headers_for(STYLE)
METHODS = ("GET", "HEAD", "POST")
MOST_BYTES = 65_536


@csrf_exempt
def preference_centre(request: HttpRequest, token: str) -> HttpResponse:
    """Show how things stand (GET), or save what was chosen (POST `save=…`) and show that."""
    if request.method not in METHODS:
        return HttpResponse(status=405, headers={"Allow": ", ".join(METHODS)})
    if _is_too_large(request):
        return _plain(request, "too_large", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    at = now()
    opening = opening_of(token, at=at)
    if opening is None:
        return _plain(request, "gone", status=HTTPStatus.NOT_FOUND)
    with tenant_scope(opening.tenant_id):
        saves = request.method == "POST" and keep_known(opening.recipient_id)
        tenant = Tenant.objects.filter(id=opening.tenant_id).first()
        person = people([opening.recipient_id]).get(opening.recipient_id)
        if tenant is None or person is None or was_taken_back(opening):
            return _plain(request, "gone", status=HTTPStatus.NOT_FOUND)
        centre = look(tenant, person, at=at)
        if saves:
            return _saved(request, centre)
        return _page(request, centre, as_it_stands(centre), done="saved" in request.GET)


def _is_too_large(request: HttpRequest) -> bool:
    """Told before anything is read; without a length Django stops reading by itself."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > MOST_BYTES


def _saved(request: HttpRequest, centre: Centre) -> HttpResponse:
    """Save and show the page anew; or show what was typed, with what is wrong beside it."""
    said = request.POST.get("save", "")
    if said not in ("choices", "nothing"):
        return _page(request, centre, as_it_stands(centre), status=HTTPStatus.BAD_REQUEST)
    choices = as_typed(dict(request.POST.lists()), centre)
    if said == "nothing":
        choices = all_off(choices, centre)
    if faults := faults_in(choices, centre):
        return _page(request, centre, choices, faults=faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    language = language_of(request, locale=centre.person.locale)
    save(_chosen(changes_of(choices, centre), centre, language=language), at=now())
    return HttpResponseRedirect(f"{request.path}?saved", status=HTTPStatus.SEE_OTHER, headers=HEADERS)


def _chosen(changes: Changes, centre: Centre, *, language: str) -> Chosen:
    at, person = now(), centre.person
    return Chosen(
        tenant_id=centre.tenant.id,
        recipient_id=person.id,
        external_id=person.external_id,
        document=changes.document,
        consents=[
            NewConsent(
                recipient_id=person.id,
                purpose=agreement.purpose,
                channel=agreement.channel,
                given=given,
                text_version=f"{CONSENT_VERSION}:{language}",
                source="page",
                at=at,
                proof={"text": consent_text(agreement, centre, language=language), "language": language},
            )
            for agreement, given in changes.agreements
        ],
        come_back={
            about: [
                Contact(centre.tenant.id, switch.channel, endpoint.address)
                for switch in changes.come_back
                if switch.about == about
                for endpoint in person.endpoints.get(switch.channel, ())
            ]
            for about in dict.fromkeys(switch.about for switch in changes.come_back)
        },
        language=changes.language,
        timezone=changes.timezone,
    )


def _page(
    request: HttpRequest,
    centre: Centre,
    choices: Choices,
    *,
    faults: Mapping[str, str] | None = None,
    done: bool = False,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    language = language_of(request, locale=centre.person.locale)
    page = render_to_string(
        "preferences/centre.html",
        {
            **_frame(language),
            **shown(centre, choices, faults=faults or {}, language=language),
            "done": done,
            "path": request.path,
        },
    )
    return HttpResponse(page, status=status, headers={**HEADERS, "Content-Language": language})


def _plain(request: HttpRequest, what: str, *, status: int) -> HttpResponse:
    language = language_of(request)
    words = CENTRE_WORDS[language]
    page = render_to_string(
        "preferences/centre_plain.html",
        {**_frame(language), "heading": words[what], "detail": words[f"{what}_detail"]},
    )
    return HttpResponse(page, status=status, headers={**HEADERS, "Content-Language": language})


def _frame(language: str) -> dict[str, object]:
    return {
        "language": language,
        "direction": direction_of(language),
        "words": CENTRE_WORDS[language],
        "style": STYLE,
    }
