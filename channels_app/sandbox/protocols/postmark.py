"""E-mail as Postmark takes it: its API, its error codes, and events behind a password."""

import json
from base64 import b64encode
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import Wrong, json_of
from channels_app.sandbox.batch import take_batch
from channels_app.sandbox.mail_api import MailProtocol, files_in, pairs_in, text_in
from channels_app.sandbox.values import Accepted, Message, OutgoingReport, Receipt, iso, microseconds
from channels_app.sandbox.world import World

CODES = {401: 10, 406: 406, 422: 300, 429: 429, 503: 100}  # postmarkapp.com/developer/api/overview, 2026-11


class Postmark(MailProtocol):
    """`POST /email` and `POST /email/batch`."""

    key, path = "postmark", "/email"

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """One mail, and several in a list."""
        return (*super().routes(world), web.post("/postmark/email/batch", self._receive_batch))

    async def _receive_batch(self, request: web.Request) -> web.StreamResponse:
        found = json_of(await request.read())
        if not isinstance(found, list):
            return _no(422, 402, "Invalid JSON")
        try:
            messages = [self._read_one(request, json.dumps(said).encode()) for said in found]
        except Wrong as wrong:
            return wrong.response
        return await take_batch(request, messages, world=self.world, yes=self.yes, no=self.no)

    def _read_one(self, request: web.Request, body: bytes) -> Message | web.Response:
        try:
            return self.read(request, body)
        except Wrong as wrong:
            if wrong.response.status != 422:
                raise
            return wrong.response

    def read(self, request: web.Request, body: bytes) -> Message:
        """JSON: From, To, Subject, HtmlBody, TextBody, ReplyTo, Headers, Tag, Metadata, Attachments."""
        if request.headers.get("X-Postmark-Server-Token") != identities.POSTMARK_TOKEN:
            raise Wrong(self.no(401))
        said = json_of(body)
        if not isinstance(said, dict):
            raise Wrong(_no(422, 402, "Invalid JSON"))
        metadata = said.get("Metadata")
        return self.mail(
            request,
            body,
            to=text_in(said, "To").split(","),
            sender=text_in(said, "From"),
            subject=text_in(said, "Subject"),
            text=text_in(said, "TextBody"),
            html=text_in(said, "HtmlBody"),
            headers=pairs_in(said, "Headers"),
            payload={
                "id": str(uuid4()),
                "metadata": metadata if isinstance(metadata, dict) else {},
                "tag": text_in(said, "Tag"),
                "reply_to": text_in(said, "ReplyTo"),
                "stream": text_in(said, "MessageStream"),
                "files": files_in(said, "Attachments", called="Name"),
            },
        )

    def yes(self, message: Message) -> web.Response:
        """The name of the mail."""
        said = {
            "To": message.to[0],
            "SubmittedAt": iso(microseconds(self.world.now())),
            "MessageID": message.payload["id"],
            "ErrorCode": 0,
            "Message": "OK",
        }
        return web.json_response(said)

    def no(self, status: int) -> web.Response:
        """An error with Postmark's code for the status."""
        return _no(422 if status == 406 else status, CODES.get(status, 0), "Refused by the sandbox")

    def no_address(self) -> web.Response:
        """Which field is wrong stands in the message alone."""
        return _no(422, 300, "Invalid 'To' address.")

    def report(self, message: Accepted, receipt: Receipt) -> OutgoingReport | None:
        """An event."""
        when = iso(microseconds(receipt.due_at))
        bounce: dict[str, Any] = {"ID": int(message.id.removeprefix("msg-")), "Email": message.to, "BouncedAt": when}
        kinds: dict[str, dict[str, Any]] = {
            "delivered": {"RecordType": "Delivery", "Recipient": message.to, "DeliveredAt": when, "Details": "OK"},
            "bounced": {"RecordType": "Bounce", "Type": "HardBounce", "TypeCode": 1, **bounce},
            "complained": {"RecordType": "SpamComplaint", "Type": "SpamComplaint", "TypeCode": 512, **bounce},
            "opened": {"RecordType": "Open", "Recipient": message.to, "ReceivedAt": when, "FirstOpen": True},
            "clicked": {"RecordType": "Click", "Recipient": message.to, "ReceivedAt": when, "OriginalLink": ""},
        }
        if receipt.kind not in kinds:
            return None
        common = {"MessageID": message.payload["id"], "Metadata": message.payload["metadata"], "ServerID": 1}
        return behind_password(message.hook, json.dumps(kinds[receipt.kind] | common).encode())


protocol = Postmark()


def behind_password(url: str, body: bytes) -> OutgoingReport:
    """A call with basic authentication."""
    login = b64encode(f"{identities.HOOK_USERNAME}:{identities.HOOK_PASSWORD}".encode()).decode()
    return OutgoingReport(url, {"Content-Type": "application/json", "Authorization": f"Basic {login}"}, body)


def _no(status: int, code: int, text: str) -> web.Response:
    return web.json_response({"ErrorCode": code, "Message": text}, status=status)
