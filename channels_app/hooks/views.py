"""`/hooks/{account_token}`: a provider calls. Judge the signature, keep what was said and answer; no more is done here.

No session, no cookies, no CSRF: who may call is decided by the token and by the provider's own signature over the raw
body. Whatever the answer is, it repeats nothing of the call.
"""

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from channels_app.accounts import account_of_hook, provider_for
from channels_app.hooks.store import Replayed, keep, keep_nonsense
from channels_app.values import Account, Forged, HookRequest, NotUnderstood
from events.bells import ring
from kernel.clock import now
from kernel.metrics import RECEIPTS, RECEIPTS_FORGED
from tenants.api.problems import Problem, answer, as_response, method_not_allowed, not_found

MOST_BYTES = 1_048_576
METHODS = ("GET", "POST")
LANE = "receipts"

log = logging.getLogger(__name__)


@csrf_exempt
def hook(request: HttpRequest, token: str) -> HttpResponse:
    """What a provider says, kept before it is answered. 404 tells nothing, 403 that it is not the provider.

    A genuine call that makes no sense is kept as such and answered 200: sending it again would not make it clearer.
    """
    try:
        return _heard(request, token)
    except Exception as trouble:  # noqa: BLE001 - every way out is an answer; bugs are logged there
        return answer(trouble, request=request)


def _heard(request: HttpRequest, token: str) -> HttpResponse:
    account = account_of_hook(token)
    if account is None:
        return as_response(not_found("No such address."), request=request)
    if request.method not in METHODS:
        return as_response(method_not_allowed(str(request.method), allowed=METHODS), request=request)
    call, at = _as_it_came(request, token), now()
    try:
        heard = provider_for(account).hear(call, at=at)
        kept = keep(account, call, heard, at=at)
    except (Forged, Replayed) as refusal:
        return _refused(account, str(refusal), request=request)
    except NotUnderstood as trouble:
        keep_nonsense(account, call, trouble=str(trouble), at=at)
        RECEIPTS.labels(account.provider, "not_understood").inc()
        log.warning("hook.not_understood", extra={"account": account.key, "trouble": str(trouble)})
        return HttpResponse(status=200, content_type="text/plain")
    for kind, number in kept.items():
        RECEIPTS.labels(account.provider, kind).inc(number)
    if kept:
        ring((LANE,))
    return HttpResponse(heard.answer, status=200, content_type=heard.answer_type)


def _as_it_came(request: HttpRequest, token: str) -> HookRequest:
    """The call with the URL that the provider was given: proxies change the host and the scheme on the way here."""
    body = request.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Problem("body_too_large", status=413, detail=f"The body has more than {MOST_BYTES} bytes.")
    query, slash = request.META.get("QUERY_STRING", ""), "/" if request.path.endswith("/") else ""
    url = f"{settings.PUBLIC_URL}/hooks/{token}{slash}" + (f"?{query}" if query else "")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return HookRequest(str(request.method), url, headers, body)


def _refused(account: Account, why: str, *, request: HttpRequest) -> HttpResponse:
    RECEIPTS_FORGED.labels(account.provider).inc()
    log.warning("hook.forged", extra={"account": account.key, "check": why})
    detail = "This does not come from the provider, or came before."
    return as_response(Problem("forged", status=403, detail=detail), request=request)
