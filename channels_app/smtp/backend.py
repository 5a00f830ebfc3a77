"""Django's SMTP backend, which knows how to greet, encrypt and log in, with connections of ours."""

import smtplib
import ssl
import threading
from collections.abc import Mapping
from typing import Any

from django.core.mail.backends.smtp import EmailBackend

from channels_app.rules.smtp_replies import AUTH, HELLO, Rejected
from channels_app.smtp.connection import Connection, TlsConnection


class Backend:
    """Opens connections to the server of one account. One instance serves many threads."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None

    def connect(self, *, seconds: float) -> Connection:
        """A connection ready for messages. Raises `Rejected`, or OSError (smtplib's among them) when there is none."""
        backend = _EmailBackend(
            host=self._config["host"],
            port=self._config["port"],
            username=self._config["username"],
            password=self._config["password"],
            use_tls=self._config["tls"] == "starttls",
            use_ssl=self._config["tls"] == "tls",
            timeout=seconds,
        )
        if self._config["tls"] != "none":
            backend.ssl_context = self._shared_context()
        try:
            backend.open()
            connection: Connection = backend.connection
            connection.ehlo_or_helo_if_needed()
        except smtplib.SMTPAuthenticationError as refused:
            backend.abandon()
            raise Rejected(AUTH, refused.smtp_code, refused.smtp_error) from None
        except smtplib.SMTPResponseException as refused:
            backend.abandon()
            raise Rejected(HELLO, refused.smtp_code, refused.smtp_error) from None
        except OSError:
            backend.abandon()
            raise
        return connection

    def _shared_context(self) -> ssl.SSLContext:
        """Loading the certificates of the system takes some milliseconds, so it is done once."""
        with self._lock:
            if self._context is None:
                self._context = ssl.create_default_context()
            return self._context


class _EmailBackend(EmailBackend):
    connection: Any
    _partial_connection: Any

    @property
    def connection_class(self) -> type[Connection]:
        return TlsConnection if self.use_ssl else Connection

    def abandon(self) -> None:
        """Close what was half open, without the good-bye that could block again."""
        for half_open in (self._partial_connection, self.connection):
            if half_open is not None:
                half_open.close()
