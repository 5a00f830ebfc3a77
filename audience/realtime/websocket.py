"""`/ws/inbox`: the same messages over a WebSocket, and engagement back."""

import asyncio
import logging
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.db import DatabaseError, InterfaceError

from audience.metrics import REALTIME_CONNECTIONS
from audience.realtime.hub import hub
from audience.realtime.look import ALL, Inbox, beside_the_loop, engage
from audience.realtime.session import catch_up, item_id, query_of, token_of
from audience.realtime.stream import TooSlow
from audience.rules.engagement import ENGAGEMENTS
from audience.tokens import BadToken, Token
from kernel import structs
from kernel.clock import now

# Close codes: 4000 to 4999 are the application's (RFC 6455 7.4.2), the others are registered.
BAD_TOKEN, TOO_SLOW, TRY_AGAIN_LATER, BROKEN = 4401, 4408, 1013, 1011


class Command(msgspec.Struct, forbid_unknown_fields=True):
    """What a client may say: `{"type": "read", "id": "…"}`, also seen, unread, archive, unarchive, and without an id
    seen-all and read-all."""

    type: str
    id: UUID | None = None


log = logging.getLogger(__name__)
_command = structs.decoder(Command).decode


class InboxConsumer(AsyncJsonWebsocketConsumer):  # type: ignore[misc]
    """One client. `?last_event_id=` replays what came after that item."""

    channel_layer_alias = ""  # the hub brings the news; a layer would need Redis to so much as connect

    inbox: Inbox
    _telling: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        await self.accept()
        try:
            token = token_of(self.scope, at=now())
        except BadToken as bad:
            await self.close(code=BAD_TOKEN, reason=str(bad)[:100])
            return
        self.inbox = (token.tenant_id, token.recipient_id)
        self._telling = asyncio.create_task(self._tell(token))

    async def disconnect(self, code: int) -> None:
        if self._telling is not None:
            self._telling.cancel()

    async def _tell(self, token: Token) -> None:
        try:
            code, reason = await self._tell_until(token)
        except TooSlow:
            code, reason = TOO_SLOW, "the client does not read what it is sent"
        except (DatabaseError, InterfaceError):
            code, reason = TRY_AGAIN_LATER, "the database does not answer at the moment"
        except Exception:
            log.exception("realtime.stream_failed")
            code, reason = BROKEN, "something broke on our side"
        await self.close(code=code, reason=reason)

    async def _tell_until(self, token: Token) -> tuple[int, str]:
        last = query_of(self.scope).get("last_event_id", "")
        async with hub().open(self.inbox) as stream:
            if not await catch_up(stream, after=item_id(last)):
                return BAD_TOKEN, "the person is no longer there"
            with REALTIME_CONNECTIONS.labels("websocket").track_inprogress():
                async for news in stream.told(seconds=token.seconds_left(now())):
                    if news is not None:  # the protocol has heartbeats of its own
                        await self.send(text_data=news.json.decode())
        return BAD_TOKEN, "the token has expired"

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None, **_: Any) -> None:
        if self._telling is None:
            return
        try:
            command = _command(text_data or bytes_data or b"")
        except msgspec.DecodeError as trouble:
            await self._complain("invalid_command", str(trouble))
            return
        if command.type not in ALL and (command.type not in ENGAGEMENTS or command.id is None):
            known = ", ".join((*ENGAGEMENTS, *ALL))
            await self._complain("invalid_command", f"send one of {known}; with an item's id unless it ends in -all")
            return
        await self._engage(command)

    async def _engage(self, command: Command) -> None:
        work = partial(engage, self.inbox, engagement=command.type, item_id=command.id, at=now())
        try:
            found = await beside_the_loop(work)
        except (DatabaseError, InterfaceError):
            await self._complain("unavailable", "the database does not answer at the moment; try again")
            return
        if found:
            hub().count(self.inbox)
        else:
            await self._complain("not_found", f"no item {command.id} in this inbox")

    async def _complain(self, code: str, message: str) -> None:
        await self.send_json({"type": "error", "code": code, "message": message})
