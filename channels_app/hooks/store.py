"""Keep what a provider told us, in one transaction of one or two statements, however much one call holds."""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from channels_app.accounts_stored import keyring
from channels_app.hooks.models import INBOUND, VISIT
from channels_app.rules.reports import (
    REMEMBERED,
    digest_of_body,
    digest_of_inbound,
    digest_of_receipt,
    digest_of_token,
    digest_of_visit,
)
from channels_app.values import Account, Heard, HookRequest
from kernel.crypto import Place
from kernel.ids import uuid7
from tenants.scope import platform_scope

# In the order of digests, so that two calls with the same events wait for each other in one direction only.
_REMEMBER = """
INSERT INTO channels_app_seen (digest, until)
SELECT digest, now() + %s * interval '1 second' FROM unnest(%s::bytea[]) AS new (digest) ORDER BY digest
ON CONFLICT (digest) DO NOTHING
"""

_KEEP = f"""
WITH fresh AS ({_REMEMBER} RETURNING digest
), call AS (
  INSERT INTO channels_app_hookcall
    (id, tenant_id, account, provider, channel, understood, trouble, said, size_bytes, sealed)
  SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s WHERE EXISTS (SELECT 1 FROM fresh)
), reports AS (
  INSERT INTO channels_app_report (id, tenant_id, call_id, account, account_id, provider, channel, kind, at,
    delivery_id, provider_message_id, code, permanent, private, received_at, due_at)
  SELECT new.id, %s, %s, %s, %s, %s, %s, kind, at, delivery_id, message_id, code, permanent, private, %s, '-infinity'
  FROM unnest(%s::bytea[], %s::uuid[], %s::text[], %s::timestamptz[], %s::uuid[], %s::text[], %s::text[], %s::bool[],
              %s::bytea[])
    AS new (digest, id, kind, at, delivery_id, message_id, code, permanent, private)
  WHERE new.digest IN (SELECT digest FROM fresh) AND new.kind <> ''
  RETURNING kind
)
SELECT kind, count(*) FROM reports GROUP BY kind
"""  # fmt: skip


class Replayed(Exception):
    """A call with a token that was used before."""


@dataclass(frozen=True, slots=True)
class _New:
    """A row of the reports-to-be; without a kind it is only remembered."""

    digest: bytes
    id: UUID
    kind: str
    at: datetime
    delivery_id: UUID | None = None
    message_id: str = ""
    code: str = ""
    permanent: bool = False
    private: bytes | None = None


def keep(account: Account, request: HookRequest, heard: Heard, *, at: datetime) -> dict[str, int]:
    """Keep what is new of a call; returns how much of each kind that was. Raises `Replayed`, and then kept nothing."""
    new = {row.digest: row for row in _rows(account, heard, at=at)}
    with platform_scope(), transaction.atomic():
        if heard.once:
            _use_up(sorted({digest_of_token(account, token) for token in heard.once}))
        return _keep(account, request, list(new.values()), trouble="", at=at) if new else {}


def keep_nonsense(account: Account, request: HookRequest, *, trouble: str, at: datetime) -> None:
    """Keep a genuine call that nobody could read, for people to look at; the same one once."""
    row = _New(digest_of_body(account, _written(request)), uuid7(at), "", at)
    with platform_scope():
        _keep(account, request, [row], trouble=trouble[:500] or "not understood", at=at)


def raw_of(call: Any) -> bytes:
    """The request of a kept call as it came. Raises `kernel.crypto.Unreadable`."""
    return zlib.decompress(keyring().open(bytes(call.sealed), place=_place("hookcall", "sealed", call)))


def private_of(report: Any) -> dict[str, Any]:
    """What only its use may see of a report. Raises `kernel.crypto.Unreadable`."""
    opened: dict[str, Any] = json.loads(
        keyring().open(bytes(report.private), place=_place("report", "private", report))
    )
    return opened


def purge_seen(*, limit: int) -> int:
    """Forget digests whose repetitions come no more; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM channels_app_seen WHERE digest = ANY (ARRAY("
            "SELECT digest FROM channels_app_seen WHERE until < now() LIMIT %s FOR UPDATE SKIP LOCKED))",
            (limit,),
        )
        return int(cursor.rowcount)


def _rows(account: Account, heard: Heard, *, at: datetime) -> list[_New]:
    """In the order in which they were said, which is the order of their ids."""
    ids = (uuid7(at + number * timedelta(microseconds=1)) for number in count())
    rows = [
        _New(
            digest_of_receipt(account, receipt),
            next(ids),
            receipt.kind,
            receipt.at,
            receipt.delivery_id,
            _text(receipt.provider_message_id),
            _text(receipt.code),
            receipt.permanent,
        )
        for receipt in heard.receipts
    ]
    for inbound in heard.inbound:
        said = {"sender": inbound.sender, "to": inbound.to, "text": inbound.text}
        id, digest, name = next(ids), digest_of_inbound(account, inbound), _text(inbound.message_id)
        rows.append(_New(digest, id, INBOUND, inbound.at, message_id=name, private=_sealed(account, id, said)))
    if heard.visit:
        id = next(ids)
        private = _sealed(account, id, {"url": heard.visit})
        rows.append(_New(digest_of_visit(account, heard), id, VISIT, at, private=private))
    return rows


def _use_up(digests: Sequence[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_REMEMBER, (REMEMBERED.total_seconds(), list(digests)))
        if cursor.rowcount != len(digests):
            raise Replayed("its token was used before")


def _keep(
    account: Account, request: HookRequest, rows: Sequence[_New], *, trouble: str, at: datetime
) -> dict[str, int]:
    call_id, raw = uuid7(at), _written(request)
    place = Place("channels_app_hookcall", "sealed", account.tenant_id, call_id)
    sealed = keyring().seal(zlib.compress(raw, 1), place=place)
    who = (account.provider, account.channel)
    said = sum(1 for row in rows if row.kind)
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP,
            (
                REMEMBERED.total_seconds(),
                [row.digest for row in rows],
                call_id, account.tenant_id, account.key, *who, not trouble, trouble, said, len(raw), sealed,
                account.tenant_id, call_id, account.key, account.id, *who, at,
                [row.digest for row in rows],
                [row.id for row in rows],
                [row.kind for row in rows],
                [row.at for row in rows],
                [row.delivery_id for row in rows],
                [row.message_id for row in rows],
                [row.code for row in rows],
                [row.permanent for row in rows],
                [row.private for row in rows],
            ),
        )  # fmt: skip
        return dict(cursor.fetchall())


def _written(request: HookRequest) -> bytes:
    """A request the way people read one."""
    _, _, query = request.url.partition("?")
    head = f"{request.method} ?{query}\n{request.headers.get('content-type', '')}\n\n"
    return head.encode("utf-8", "replace") + request.body


def _sealed(account: Account, id: UUID, said: dict[str, str]) -> bytes:
    place = Place("channels_app_report", "private", account.tenant_id, id)
    return keyring().seal(json.dumps(said).encode(), place=place)


def _place(table: str, column: str, row: Any) -> Place:
    return Place(f"channels_app_{table}", column, row.tenant_id, row.id)


def _text(text: str) -> str:
    """What PostgreSQL can store of it; a name longer than that is none of ours."""
    return text.replace("\0", "")[:500]
