"""What one message holds, as it is: raw, its HTML behind a wall, its links, its attachments."""

from urllib.parse import quote

from aiohttp import web

from channels_app.sandbox.api.desk import READER, json_answer, row_of
from channels_app.sandbox.links import links_of
from channels_app.sandbox.mail import read_mail, with_inline_images

# The mail's own styles and inlined images, nothing else: no script, no network, no frame, no form.
HTML_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


async def get_raw(request: web.Request) -> web.Response:
    """The message as it came over the wire."""
    return web.Response(body=await _raw(request), content_type="text/plain", charset="utf-8")


async def get_html(request: web.Request) -> web.Response:
    """The HTML of a message, for a sandboxed frame: its policy lets nothing run and nothing be fetched."""
    seq, raw = row_of(request), await _raw(request)

    def html(_: object) -> bytes:
        return with_inline_images(read_mail(raw)).encode("utf-8")

    message = await request.app[READER].read(lambda ledger: ledger.message(seq))
    if message is None:
        raise web.HTTPNotFound
    inlined = message["channel"] == "email" and "cid:" in message["html"]
    body = await request.app[READER].read(html) if inlined else message["html"].encode("utf-8")
    headers = {"Content-Security-Policy": HTML_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return web.Response(body=body, content_type="text/html", charset="utf-8", headers=headers)


async def get_links(request: web.Request) -> web.Response:
    """The links of a message's HTML, in order."""
    seq = row_of(request)
    message = await request.app[READER].read(lambda ledger: ledger.message(seq))
    if message is None:
        raise web.HTTPNotFound
    return json_answer({"results": links_of(message["html"])})


async def get_attachment(request: web.Request) -> web.Response:
    """One attachment by its position, as a download: never shown by the browser itself."""
    raw, position = await _raw(request), int(request.match_info["position"])
    mail = await request.app[READER].read(lambda _: read_mail(raw))
    if position >= len(mail.attachments):
        raise web.HTTPNotFound
    attachment = mail.attachments[position]
    name = quote(attachment.filename or f"attachment-{position}", safe="")
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
    return web.Response(body=attachment.content, content_type="application/octet-stream", headers=headers)


ROUTES = [
    web.get("/sandbox/api/messages/{id}/raw", get_raw),
    web.get("/sandbox/api/messages/{id}/html", get_html),
    web.get("/sandbox/api/messages/{id}/links", get_links),
    web.get(r"/sandbox/api/messages/{id}/attachments/{position:\d{1,6}}", get_attachment),
]


async def _raw(request: web.Request) -> bytes:
    seq = row_of(request)
    raw: bytes | None = await request.app[READER].read(lambda ledger: ledger.raw(seq))
    if raw is None:
        raise web.HTTPNotFound
    return raw
