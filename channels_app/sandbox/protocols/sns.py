"""SMS as Amazon SNS takes them: Publish of its query API, and the certificates its calls are signed with."""

from collections.abc import Iterable
from urllib.parse import parse_qsl
from uuid import uuid4
from xml.sax.saxutils import escape

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import ApiProtocol, Wrong, shown_headers
from channels_app.sandbox.aws_certificate import seal
from channels_app.sandbox.aws_signature import is_signed
from channels_app.sandbox.protocols.twilio import E164
from channels_app.sandbox.values import Message
from channels_app.sandbox.world import World

SPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
CODES = {  # docs.aws.amazon.com/sns/latest/api/CommonErrors.html, 2026-11
    400: "InvalidParameter",
    401: "InvalidClientTokenId",
    403: "SignatureDoesNotMatch",
    404: "NotFound",
    429: "Throttling",
    500: "InternalError",
    503: "ServiceUnavailable",
}


class Sns(ApiProtocol):
    """`Action=Publish` to a phone number. SNS tells nobody's hook what became of it."""

    key, channel, path = "sns", "sms", "{slash:/?}"

    def routes(self, world: World) -> Iterable[web.AbstractRouteDef]:
        """The API, and the certificate."""
        return (*super().routes(world), web.get(f"{identities.AWS_CERTIFICATES}{{name}}", _certificate))

    def read(self, request: web.Request, body: bytes) -> Message:
        """A form: PhoneNumber, Message, MessageAttributes.entry.N.…"""
        if not is_signed(request, body):
            raise Wrong(self.no(403))
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        to, text = form.get("PhoneNumber", ""), form.get("Message", "")
        if form.get("Action") != "Publish" or not text:
            raise Wrong(_no(400, "InvalidParameter", "Invalid parameter: Message"))
        if not E164.fullmatch(to):
            raise Wrong(_no(400, "InvalidParameter", "Invalid parameter: PhoneNumber Reason: is not valid"))
        attributes = {
            value: form.get(name.replace(".Name", ".Value.StringValue"), "")
            for name, value in form.items()
            if name.startswith("MessageAttributes.entry.") and name.endswith(".Name")
        }
        return Message(
            channel=self.channel,
            provider=self.key,
            to=(to,),
            raw=body,
            sender=attributes.get("AWS.SNS.SMS.SenderID") or attributes.get("AWS.MM.SMS.OriginationNumber", ""),
            text=text,
            payload={"id": str(uuid4()), "attributes": attributes},
            headers=shown_headers(request),
            delivery_id=attributes.get("carillon_delivery"),
        )

    def yes(self, message: Message) -> web.Response:
        """The name of the message."""
        result = f"<PublishResult><MessageId>{message.payload['id']}</MessageId></PublishResult>"
        request = f"<ResponseMetadata><RequestId>{uuid4()}</RequestId></ResponseMetadata>"
        return _xml(200, f'<PublishResponse xmlns="{SPACE}">{result}{request}</PublishResponse>')

    def no(self, status: int) -> web.Response:
        """An error with Amazon's code for the status; a throttle is a 400."""
        return _no(400 if status == 429 else status, CODES.get(status, "InternalFailure"), "Refused by the sandbox")


protocol = Sns()


async def _certificate(request: web.Request) -> web.Response:
    if request.match_info["name"] != seal().name:
        raise web.HTTPNotFound
    return web.Response(body=seal().pem, content_type="application/x-pem-file")


def _no(status: int, code: str, text: str) -> web.Response:
    kind = "Sender" if status < 500 else "Receiver"
    error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
    return _xml(status, f'<ErrorResponse xmlns="{SPACE}">{error}<RequestId>{uuid4()}</RequestId></ErrorResponse>')


def _xml(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=text, content_type="text/xml")
