"""Errors of the sandbox's API as problem+json (RFC 9457): the same shape as the API of the product."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from channels_app.sandbox.behaviour_json import BadBehaviours, Fault


class Invalid(ValueError):
    """A request that cannot be carried out; `faults` names every reason."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


def problem(
    status: int, *, code: str, title: str, detail: str, faults: tuple[Fault, ...] = (), allow: str | None = None
) -> web.Response:
    """An error answer."""
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "errors": [asdict(fault) for fault in faults],
    }
    headers = {"Allow": allow} if allow else None
    return web.Response(status=status, text=json.dumps(body), content_type="application/problem+json", headers=headers)


@web.middleware
async def speak_problems(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn what a route raises into a problem; redirects pass."""
    try:
        return await handler(request)
    except (Invalid, BadBehaviours) as error:
        title = "The request is not valid"
        return problem(422, code="invalid", title=title, detail=str(error), faults=tuple(error.faults))
    except web.HTTPException as error:
        if error.status < 400:
            raise
        code = error.reason.lower().replace(" ", "_")
        allow = error.headers.get("Allow")
        return problem(error.status, code=code, title=error.reason, detail=_detail(error, request), allow=allow)


def _detail(error: web.HTTPException, request: web.Request) -> str:
    match error.status:
        case 404:
            return f"nothing at {request.path}; the page is /sandbox/, messages are at /sandbox/api/messages"
        case 405:
            return f"{request.method} does not work at {request.path}; allowed: {error.headers.get('Allow', 'nothing')}"
        case _:
            return error.text or error.reason
