"""Where the credentials of a tenant's account may lead: to public servers, and where the operator says so.

This judges what is written. A name that resolves to a private address is judged when it is called, by those clients
that go through `kernel.safe_http`.
"""

import json
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from channels_app.values import WrongCredentials
from kernel.safe_http_addresses import why_denied

_PORTS = {"http": 80, "https": 443, "smtp": 587, "smtps": 465}
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa")


def refuse_private(config: Mapping[str, Any], *, allow: Collection[str]) -> None:
    """Raises `WrongCredentials` when a configured host or URL is neither public nor in `allow` (`host:port`)."""
    for name, value in config.items():
        if inner := _inner(value):
            refuse_private(inner, allow=allow)
            continue
        host, port = _place(name, value, config)
        if host and f"{host}:{port}" not in allow and (why := _why_private(host)):
            raise WrongCredentials(f"{name} leads to a {why} address; a public one would do, or one in EGRESS_ALLOW")


def _inner(value: Any) -> Mapping[str, Any]:
    """What a value holds itself: an object, or a file of JSON, which may name URLs too."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    return value if isinstance(value, Mapping) else {}


def _place(name: str, value: Any, config: Mapping[str, Any]) -> tuple[str, int]:
    if not isinstance(value, str):
        return "", 0
    if name == "host":
        return value.strip("[]").lower(), int(config.get("port") or 0)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return "", 0
    if parts.scheme not in _PORTS or not parts.hostname:
        return "", 0
    return parts.hostname, port or _PORTS[parts.scheme]


def _why_private(host: str) -> str:
    try:
        ip_address(host)
    except ValueError:
        local = "." not in host or host.rstrip(".").endswith(_LOCAL_ENDINGS)
        return "local" if local else ""
    return why_denied(host)
