"""The HTTP side of the sandbox: the page, the API, the protocols that speak HTTP, and the headers on every answer."""

from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from channels_app.sandbox import api
from channels_app.sandbox.api.desk import ADDRESSES, READER, REPORTER, SPOKEN, WORLD, Reader, Spoken
from channels_app.sandbox.problems import speak_problems
from channels_app.sandbox.reports import Reporter
from channels_app.sandbox.world import World

PAGE = Path(__file__).parent / "page"
MAX_BODY_BYTES = 32 * 1024 * 1024

# What is not named here is refused; Trusted Types make it impossible for the page's script to write HTML at all.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}


def make_app(
    world: World,
    *,
    reader: Reader,
    reporter: Reporter,
    addresses: dict[str, str],
    spoken: Spoken = (),
    protocol_routes: Iterable[web.AbstractRouteDef],
) -> web.Application:
    """The web application. `addresses` names where the other protocols listen: {"smtp": "127.0.0.1:1025"}."""
    app = web.Application(middlewares=[speak_problems], client_max_size=MAX_BODY_BYTES)
    app[WORLD], app[READER], app[REPORTER] = world, reader, reporter
    app[ADDRESSES], app[SPOKEN] = addresses, spoken
    app.add_routes(api.routes())
    app.add_routes(
        [
            web.get("/", _to_page),
            web.get("/sandbox", _to_page),
            web.get("/sandbox/", _page_file),
            web.get("/sandbox/{name:sandbox[.](?:css|js)|seen[.]js}", _page_file),
            web.get("/sandbox/healthz", _health),
            *protocol_routes,
        ]
    )
    app.on_response_prepare.append(_secure)
    return app


async def _secure(_: web.Request, response: web.StreamResponse) -> None:
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)


async def _to_page(_: web.Request) -> web.Response:
    raise web.HTTPFound("/sandbox/")


async def _page_file(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / request.match_info.get("name", "index.html"))


async def _health(request: web.Request) -> web.Response:
    """Alive, and the ledger answers."""
    request.app[WORLD].ledger.check()
    return web.json_response({"status": "ok", "addresses": request.app[ADDRESSES]})
