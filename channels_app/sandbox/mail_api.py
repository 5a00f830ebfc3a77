"""What the APIs that take e-mail have in common: addresses, headers, and where to report to."""

from collections.abc import Mapping, Sequence
from email.utils import parseaddr
from typing import Any

from aiohttp import web

from channels_app.sandbox import identities
from channels_app.sandbox.api_protocol import ApiProtocol, Wrong, shown_headers
from channels_app.sandbox.mail import DELIVERY_ID_HEADER
from channels_app.sandbox.values import Message


class MailProtocol(ApiProtocol):
    """A provider that is told in its dashboard where to report to; here the call itself says it."""

    channel = "email"

    def no_address(self) -> web.Response:
        """The answer to a mail whose recipient is no address."""
        return self.no(422)

    def mail(
        self,
        request: web.Request,
        body: bytes,
        *,
        to: Sequence[str],
        sender: str,
        subject: str,
        text: str,
        html: str,
        headers: Mapping[str, str],
        payload: Mapping[str, Any],
    ) -> Message:
        """The message of a call. `to` may have names. Raises Wrong when no one would get it."""
        addresses = tuple(parseaddr(each)[1] for each in to)
        if not addresses or not all("@" in address and "." in address.rpartition("@")[2] for address in addresses):
            raise Wrong(self.no_address())
        found = {name.lower(): value for name, value in headers.items()}
        return Message(
            channel=self.channel,
            provider=self.key,
            to=addresses,
            raw=body,
            sender=sender,
            subject=subject,
            text=text,
            html=html,
            payload=payload,
            headers={**headers, **shown_headers(request)},
            delivery_id=found.get(DELIVERY_ID_HEADER),
            hook=request.headers.get(identities.HOOK_HEADER, ""),
        )


def bearer_of(request: web.Request) -> str:
    """The token of `Authorization: Bearer …`, "" without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" else ""


def text_in(said: Mapping[str, Any], name: str) -> str:
    """A member that is a text, else ""."""
    value = said.get(name)
    return value if isinstance(value, str) else ""


def pairs_in(said: Any, name: str) -> dict[str, str]:
    """Headers that are written as an object, or as a list of `{"Name", "Value"}`."""
    found = said.get(name) if isinstance(said, dict) else None
    if isinstance(found, dict):
        return {str(key): str(value) for key, value in found.items()}
    if isinstance(found, list):
        return {
            str(item["Name"]): str(item.get("Value", "")) for item in found if isinstance(item, dict) and "Name" in item
        }
    return {}


def files_in(said: Mapping[str, Any], name: str, *, called: str) -> list[str]:
    """The names of attached files."""
    found = said.get(name)
    return [str(file.get(called, "")) for file in found if isinstance(file, dict)] if isinstance(found, list) else []
