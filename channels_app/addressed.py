"""A POST to a URL that a tenant or a recipient gave us, as one call of a provider: what goes wrong is a result."""

import socket
import ssl
from collections.abc import Mapping
from typing import Any

import msgspec
from django.conf import settings

from channels_app.contract import Call, Message, Refused, Retry, Unknown
from kernel.safe_http import Answer, BadAnswer, Blocked, fetch

ANSWER_BYTES = 64 * 1024
DELIVERY_HEADER = "X-Carillon-Delivery-Id"  # for whoever looks into the calls; providers do not mind it


def post(url: str, *, headers: Mapping[str, str], body: bytes, call: Call) -> Answer | Retry | Refused | Unknown:
    """Call the URL once, within what is left of `call`; the answer says nothing yet but that there is one.

    Lets TimeoutError and OSError rise: the base class of providers knows from `call` what they mean.
    """
    call.nothing_went_out()
    try:
        return fetch(
            url,
            method="POST",
            headers=headers,
            body=body,
            timeout_seconds=call.remaining(),
            max_bytes=ANSWER_BYTES,
            allow=frozenset(settings.EGRESS_ALLOW),
            on_bytes=call.bytes_follow,
        )
    except Blocked as blocked:
        return Refused(blocked.code, blocked.message, reason="invalid_address")
    except BadAnswer as bad:
        return Unknown("bad_answer", str(bad))
    except socket.gaierror:
        return Retry("name_not_resolved", "its host has no address at the moment")
    except ssl.SSLError as trouble:
        detail = trouble.reason or type(trouble).__name__
        return Unknown("tls_failed", detail) if call.may_have_sent else Retry("tls_failed", detail)


def post_json(url: str, body: Any, *, message: Message, call: Call) -> Answer | Retry | Refused | Unknown:
    """The same with a JSON body and the headers of a message."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Carillon",
        DELIVERY_HEADER: str(message.delivery_id),
        **({"traceparent": message.traceparent} if message.traceparent else {}),
    }
    return post(url, headers=headers, body=msgspec.json.encode(body), call=call)
