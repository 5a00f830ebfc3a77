"""How an SMTP account is written down: as a URL or as an object, and what is missing in it."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from audience.rules.addresses import BadAddress, read_email
from channels_app.values import WrongCredentials

PORTS = {"none": 25, "starttls": 587, "tls": 465}
DEFAULTS = {"username": "", "password": "", "from": "", "message_id_domain": "", "messages_per_connection": 500}

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})
_EXAMPLE = "smtp://user:password@host:587?tls=starttls&from=Shop <shop@example.org> would do"


def read_config(credentials: Mapping[str, Any]) -> Mapping[str, Any]:
    """`host`, `port`, `tls` and the fields of `DEFAULTS`, all of them, from a URL and/or an object.

    Raises `WrongCredentials`.
    """
    given = dict(credentials)
    if "url" in given:
        given = {**_from_url(str(given.pop("url"))), **given}
    return _checked(given)


def _from_url(url: str) -> dict[str, Any]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WrongCredentials(f"the URL cannot be read; one like {_EXAMPLE}") from None
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise WrongCredentials(f"the URL is not one of an SMTP server; one like {_EXAMPLE}")
    found: dict[str, Any] = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    found |= {"host": parts.hostname, "username": unquote(parts.username or "")}
    found["password"] = unquote(parts.password or "")
    if port:
        found["port"] = port
    if parts.scheme == "smtps":
        found["tls"] = "tls"
    return found


def _checked(found: dict[str, Any]) -> Mapping[str, Any]:
    if unknown := sorted(found.keys() - DEFAULTS.keys() - {"host", "port", "tls"}):
        raise WrongCredentials(f"'{unknown[0]}' is not known; {_EXAMPLE}")
    config = {**DEFAULTS, **found}
    if not config.get("host"):
        raise WrongCredentials(f"the host is missing; {_EXAMPLE}")
    if config.setdefault("tls", _usual_tls(config)) not in PORTS:
        raise WrongCredentials(f"tls is '{config['tls']}'; none, starttls or tls would do")
    config.setdefault("port", PORTS[config["tls"]])
    for name in ("port", "messages_per_connection"):
        if not str(config[name]).isdigit() or not 0 < int(config[name]) <= 65_535:
            raise WrongCredentials(f"{name} is '{config[name]}'; a whole number from 1 to 65535 would do")
        config[name] = int(config[name])
    if config["from"]:
        try:
            read_email(parseaddr(config["from"])[1])
        except BadAddress:
            raise WrongCredentials("from is not an address; one like Shop <shop@example.org> would do") from None
    return config


def _usual_tls(config: Mapping[str, Any]) -> str:
    """A password never leaves the machine unencrypted unless `tls=none` says so."""
    return "starttls" if config["password"] and config["host"] not in _LOCAL_HOSTS else "none"
