"""E-mail over SMTP: takes every mail, keeps it, and misbehaves on request."""

import asyncio
import logging
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from channels_app.sandbox.behaviours import REFUSALS, Behaviour
from channels_app.sandbox.mail import Mail, clean, read_mail
from channels_app.sandbox.protocols.base import Protocol
from channels_app.sandbox.values import Message, Rejection, address
from channels_app.sandbox.world import World

CHANNEL, PROVIDER = "email", "smtp"
MAX_MAIL_BYTES = 25 * 1024 * 1024  # as Gmail takes: support.google.com/mail/answer/6584, 2026-03
BIG_MAIL_BYTES = 256 * 1024  # from here on decoding a mail would hold up the others
DEFAULT_SECONDS = 1.0  # of a delay, and between the bytes of a dripping answer
IDLE_SECONDS = 300  # RFC 5321, 4.5.3.2.7: a server waits at least five minutes for the next command

SMTP_STATUSES = frozenset({421, 450, 451, 452, 454, 455, *range(550, 560)})
# Behaviours are written for all channels, so HTTP statuses are put into SMTP's words.
TEMPORARY_HTTP_STATUSES = frozenset({408, 425, 429, *range(500, 505)})
PERMANENT_HTTP_STATUSES = frozenset({400, 401, 403, 404, 405, 410, 413, 415, 422})
ENHANCED_CODES = {  # RFC 3463 and its registry
    421: "4.3.2",
    450: "4.2.0",
    452: "4.3.1",
    454: "4.7.0",
    550: "5.1.1",
    551: "5.1.6",
    552: "5.2.2",
    553: "5.1.3",
    554: "5.7.1",
    556: "5.1.10",
}


def smtp_status(status: int | None) -> int:
    """The SMTP code for a behaviour's status: 451 where it leaves it open or SMTP has no word for it."""
    if status is not None and status in SMTP_STATUSES:
        return status
    return 550 if status in PERMANENT_HTTP_STATUSES else 451


def refusal(rule: Behaviour) -> tuple[int, str]:
    """The SMTP code and the whole answer of an `error` or a `throttle`."""
    if rule.do == "throttle":
        seconds = DEFAULT_SECONDS if rule.retry_after is None else rule.retry_after
        return 451, f"451 4.7.0 Too many messages, slow down; retry_after={seconds:g}"
    status = smtp_status(rule.status)
    enhanced = ENHANCED_CODES.get(status, f"{status // 100}.3.0")
    asked = "no status given" if rule.status is None else f"status {rule.status}"
    return status, f"{status} {enhanced} Refused by a sandbox behaviour ({asked})"


@dataclass  # no slots: aiosmtpd inspects it, which Python before 3.11.4 cannot do with them
class Desk:
    """What happens to a mail at the end of DATA; the hooks are called by aiosmtpd by name."""

    world: World
    connections: set["Connection"] = field(default_factory=set)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Name what this server can do beyond what aiosmtpd names by itself."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", "250-ENHANCEDSTATUSCODES", responses[-1]]

    async def handle_DATA(self, server: "Connection", session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Judge, wait, record, answer. A client that hangs up during a delay was not accepted."""
        raw = envelope.original_content or b""
        mail = await asyncio.to_thread(read_mail, raw) if len(raw) > BIG_MAIL_BYTES else read_mail(raw)
        sender, recipients = clean(envelope.mail_from or ""), tuple(clean(to) for to in envelope.rcpt_tos)
        chosen: dict[str, Behaviour] = {}
        for to in recipients:
            rule = self.world.choose(channel=CHANNEL, provider=PROVIDER, to=to)
            if rule is None:
                continue
            if rule.do in REFUSALS:
                return await self._refuse(server, rule, mail=mail, sender=sender, to=to)
            chosen[to] = rule
        await server.rest(max((_seconds(rule) for rule in chosen.values() if rule.do == "delay"), default=0))
        ids = self.world.accept(_message(mail, raw=raw, sender=sender, recipients=recipients), chosen=chosen)
        return await self._answer(server, f"250 2.0.0 Ok: accepted as {ids[0]}", rules=tuple(chosen.values()))

    async def _refuse(self, server: "Connection", rule: Behaviour, *, mail: Mail, sender: str, to: str) -> str:
        """Turn the whole envelope away: after DATA there is one answer for all its recipients."""
        status, answer = refusal(rule)
        self.world.reject(
            Rejection(CHANNEL, PROVIDER, to, sender, mail.subject, mail.delivery_id, rule.do, status, answer)
        )
        if status == 421:  # RFC 5321, 3.8: the server closes after a 421
            await server.push(answer)
            await server.hang_up()
        return answer

    async def _answer(self, server: "Connection", answer: str, *, rules: tuple[Behaviour, ...]) -> str:
        for rule in rules:
            if rule.do == "drop_answer":
                await server.break_off()
            if rule.do == "drip":
                await server.drip(answer, every=_seconds(rule))
                return ""  # aiosmtpd ends the line
        return answer

    async def handle_exception(self, error: Exception) -> str:
        """Ours, not the client's: say so, keep the mail unaccepted, and leave the reason in the log."""
        logging.getLogger(__name__).error("a mail could not be taken", exc_info=error)
        return f"451 4.3.0 The sandbox failed ({type(error).__name__}); its log says why"


class Connection(SMTP):
    """One SMTP connection, with the ways of ending an answer that a behaviour may ask for."""

    def __init__(self, desk: Desk, **options: Any) -> None:
        super().__init__(desk, **options)
        self._desk = desk

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be known, so that a stop can end it."""
        super().connection_made(transport)
        self._desk.connections.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Be forgotten."""
        self._desk.connections.discard(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """End the connection at once; what was not sent is lost."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    async def rest(self, seconds: float) -> None:
        """Let time pass without the idle timer ending the connection."""
        if seconds > 0:
            self._reset_timeout(seconds + IDLE_SECONDS)
            await asyncio.sleep(seconds)

    async def drip(self, answer: str, *, every: float) -> None:
        """Send an answer byte by byte, `every` so many seconds."""
        for byte in answer.encode("ascii"):
            self._writer.write(bytes((byte,)))
            await self._writer.drain()
            await self.rest(every)

    async def break_off(self) -> None:
        """Abort the connection without an answer. Does not return: losing the connection cancels the caller."""
        self.abort()
        await asyncio.get_running_loop().create_future()

    async def hang_up(self) -> None:
        """Close the connection once everything is sent. Does not return, as above."""
        self._writer.close()
        await asyncio.get_running_loop().create_future()


class Smtp(Protocol):
    """The SMTP server. It takes any login, and stores none."""

    key = "smtp"
    channel = CHANNEL

    def add_arguments(self, parser: ArgumentParser) -> None:
        """`--smtp-port`."""
        parser.add_argument("--smtp-port", type=int, required=True, help="port of the SMTP server (0: any free one)")

    async def start(self, world: World, *, options: Namespace) -> Mapping[str, str]:
        """Listen. Raises OSError when the port is taken."""
        logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd would log every command with its addresses
        loop = asyncio.get_running_loop()
        self._desk = Desk(world)
        self._server = await loop.create_server(
            lambda: _connection(self._desk, loop=loop), options.host, options.smtp_port, backlog=1024
        )
        host, port = self._server.sockets[0].getsockname()[:2]
        return {self.key: address(host, port)}

    async def stop(self) -> None:
        """Stop listening and end every connection."""
        self._server.close()
        for connection in tuple(self._desk.connections):
            connection.abort()
        await self._server.wait_closed()


protocol = Smtp()


def _connection(desk: Desk, *, loop: asyncio.AbstractEventLoop) -> Connection:
    return Connection(
        desk,
        loop=loop,
        hostname="sandbox.carillon.test",
        ident="Carillon provider sandbox",
        data_size_limit=MAX_MAIL_BYTES,
        enable_SMTPUTF8=True,
        timeout=IDLE_SECONDS,
        auth_require_tls=False,
        authenticator=lambda *_: AuthResult(success=True),
    )


def _seconds(rule: Behaviour) -> float:
    return DEFAULT_SECONDS if rule.seconds is None else rule.seconds


def _message(mail: Mail, *, raw: bytes, sender: str, recipients: tuple[str, ...]) -> Message:
    attachments = [
        {"filename": part.filename, "content_type": part.content_type, "size": len(part.content)}
        for part in mail.attachments
    ]
    return Message(
        channel=CHANNEL,
        provider=PROVIDER,
        to=recipients,
        raw=raw,
        sender=sender,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        payload={"message_id": mail.message_id, "size": len(raw), "attachments": attachments},
        headers=mail.headers,
        delivery_id=mail.delivery_id,
    )
