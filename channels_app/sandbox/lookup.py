"""The reading side of the ledger: searches, one message, the compact list of deliveries. Runs off the event loop."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels_app.sandbox.globs import covers, is_glob
from channels_app.sandbox.values import iso, message_id

SNIPPET_CHARS = 160


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages, newest first. None and empty leave a side open."""

    channel: str | None = None
    provider: str | None = None
    to: str | None = None  # address or glob
    delivery_id: str | None = None
    words: tuple[str, ...] = ()  # each somewhere in to, from, subject or text, whatever the case
    since_us: int | None = None  # received at or after
    after_seq: int | None = None  # received after this row
    before_seq: int | None = None  # received before this row: older pages
    limit: int = 100
    brief: bool = False  # a snippet in the place of the contents


class Lookup:
    """A read-only connection to the ledger, for one thread at a time."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA query_only=ON")
        self._db.create_function("covers", 2, covers, deterministic=True)
        self._db.create_function("holds", -1, _holds, deterministic=True)

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def messages(self, wanted: Wanted) -> list[dict[str, Any]]:
        """The messages wanted, newest first, as the API gives them."""
        where, values = _conditions(wanted)
        columns, show = (BRIEF_COLUMNS, _brief) if wanted.brief else (FULL_COLUMNS, _full)
        rows = self._db.execute(
            f"SELECT {columns} FROM messages AS m JOIN contents AS c ON c.seq = m.content"
            f" {where} ORDER BY m.seq DESC LIMIT ?",
            (*values, wanted.limit),
        )
        return [show(row) for row in rows]

    def message(self, seq: int) -> dict[str, Any] | None:
        """One message in full, or None."""
        found = self._db.execute(
            f"SELECT {FULL_COLUMNS} FROM messages AS m JOIN contents AS c ON c.seq = m.content WHERE m.seq = ?",
            (seq,),
        ).fetchone()
        return None if found is None else _full(found)

    def raw(self, seq: int) -> bytes | None:
        """One message as it came over the wire, or None."""
        found = self._db.execute(
            "SELECT c.raw FROM messages AS m JOIN contents AS c ON c.seq = m.content WHERE m.seq = ?", (seq,)
        ).fetchone()
        return None if found is None else bytes(found[0])

    def deliveries(self, *, since_us: int | None) -> list[dict[str, Any]]:
        """Every delivery id accepted since, with how many times it was accepted in all; first accepted first."""
        rows = self._db.execute(
            "SELECT delivery_id, times FROM acceptances WHERE last_us >= ? ORDER BY seq", (since_us or 0,)
        )
        return [{"delivery_id": delivery_id, "times": times} for delivery_id, times in rows]

    def rejections(self, *, after_seq: int, limit: int) -> list[dict[str, Any]]:
        """The sends that were turned away, newest first."""
        rows = self._db.execute(
            "SELECT seq, channel, provider, recipient, sender, subject, delivery_id, did, status, answer, rejected_us"
            " FROM rejections WHERE seq > ? ORDER BY seq DESC LIMIT ?",
            (after_seq, limit),
        )
        return [_rejection(row) for row in rows]


HEAD_COLUMNS = "m.seq, m.channel, m.provider, m.recipient, m.sender, m.subject, m.delivery_id, m.received_us"
FULL_COLUMNS = f"{HEAD_COLUMNS}, m.receipts, c.text, c.html, c.headers, c.payload"
BRIEF_COLUMNS = f"{HEAD_COLUMNS}, substr(c.text, 1, {SNIPPET_CHARS * 2})"


def _conditions(wanted: Wanted) -> tuple[str, list[Any]]:
    terms: list[tuple[str, Any]] = [
        ("m.channel = ?", wanted.channel),
        ("m.provider = ?", wanted.provider),
        ("m.delivery_id = ?", wanted.delivery_id),
        ("m.received_us >= ?", wanted.since_us),
        ("m.seq > ?", wanted.after_seq),
        ("m.seq < ?", wanted.before_seq),
        # Only a glob needs the walk over all rows; a plain address has an index.
        ("covers(?, m.recipient)" if is_glob(wanted.to or "") else "m.recipient = ? COLLATE NOCASE", wanted.to),
        *(("holds(?, m.recipient, m.sender, m.subject, c.text)", word.casefold()) for word in wanted.words),
    ]
    used = [(term, value) for term, value in terms if value is not None]
    where = " AND ".join(term for term, _ in used)
    return (f"WHERE {where}" if where else "", [value for _, value in used])


def _holds(folded: str, *places: str) -> bool:
    return any(folded in place.casefold() for place in places)


def _head(row: Sequence[Any]) -> dict[str, Any]:
    seq, channel, provider, to, sender, subject, delivery_id, received_us = row[:8]
    return {
        "id": message_id(seq),
        "channel": channel,
        "provider": provider,
        "to": to,
        "from": sender,
        "subject": subject,
        "delivery_id": delivery_id,
        "received_at": iso(received_us),
    }


def _brief(row: Sequence[Any]) -> dict[str, Any]:
    return {**_head(row), "snippet": " ".join(row[8].split())[:SNIPPET_CHARS]}


def _full(row: Sequence[Any]) -> dict[str, Any]:
    receipts, text, html, headers, payload = row[8:]
    return {
        **_head(row),
        "text": text,
        "html": html,
        "payload": {**json.loads(payload), "receipts": json.loads(receipts)},
        "headers": json.loads(headers),
    }


def _rejection(row: Sequence[Any]) -> dict[str, Any]:
    seq, channel, provider, to, sender, subject, delivery_id, did, status, answer, rejected_us = row
    return {
        "id": f"rej-{seq}",
        "channel": channel,
        "provider": provider,
        "to": to,
        "from": sender,
        "subject": subject,
        "delivery_id": delivery_id,
        "do": did,
        "status": status,
        "answer": answer,
        "rejected_at": iso(rejected_us),
    }
