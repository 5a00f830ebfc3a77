"""Checks requests as Amazon does: Signature Version 4 over method, path, headers and body.

docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html, read 2026-11.
"""

import hmac
import re
from hashlib import sha256
from urllib.parse import parse_qsl, quote

from aiohttp import web

from channels_app.sandbox import identities

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<scope>[^,]+), ?"
    r"SignedHeaders=(?P<headers>[^,]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)


def is_signed(request: web.Request, body: bytes) -> bool:
    """Whether the sandbox's own account signed this request."""
    found = _AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if found is None or found["key"] != identities.AWS_ACCESS_KEY_ID:
        return False
    moment = request.headers.get("X-Amz-Date", "")
    canonical = _canonical(request, body, names=found["headers"].split(";"))
    text = f"AWS4-HMAC-SHA256\n{moment}\n{found['scope']}\n{sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{identities.AWS_SECRET_ACCESS_KEY}".encode()
    for part in found["scope"].split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.compare_digest(hmac.digest(key, text.encode(), "sha256").hex(), found["signature"])


def _canonical(request: web.Request, body: bytes, *, names: list[str]) -> str:
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in _query(request))
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names)
    query = "&".join(f"{name}={value}" for name, value in pairs)
    return "\n".join(
        (request.method, request.raw_path.partition("?")[0], query, headers, ";".join(names), _digest(body))
    )


def _query(request: web.Request) -> list[tuple[str, str]]:
    return parse_qsl(request.raw_path.partition("?")[2], keep_blank_values=True)


def _digest(body: bytes) -> str:
    return sha256(body).hexdigest()
