"""The receipts that are still to be reported, as rows of the ledger: they survive a restart."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from channels_app.sandbox.values import EPOCH, Accepted, DueReport, Receipt, message_id, microseconds


def plan_reports(db: sqlite3.Connection, message: int, receipts: Sequence[Receipt], *, hook: str) -> None:
    """Put the receipts of a message on the list."""
    rows = [
        (
            message,
            position,
            receipt.kind,
            receipt.status,
            hook,
            microseconds(receipt.due_at),
            microseconds(receipt.due_at),
        )
        for position, receipt in enumerate(receipts)
    ]
    db.executemany(
        "INSERT INTO reports (message, position, kind, status, hook, happened_us, due_us) VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )


def due_reports(db: sqlite3.Connection, *, due_us: int, limit: int) -> list[DueReport]:
    """The receipts due by then, the longest due first, each with its message."""
    rows = db.execute(
        "SELECT r.seq, r.position, r.kind, r.status, r.hook, r.happened_us, r.tries, m.seq, m.provider, m.recipient,"
        " m.sender, m.subject, c.text, c.payload, m.delivery_id, m.received_us FROM reports AS r"
        " JOIN messages AS m ON m.seq = r.message JOIN contents AS c ON c.seq = m.content"
        " WHERE r.due_us <= ? ORDER BY r.due_us, r.seq LIMIT ?",
        (due_us, limit),
    )
    return [_due(row) for row in rows.fetchall()]


def end_report(db: sqlite3.Connection, report: DueReport, *, state: str) -> None:
    """Take a receipt off the list and write into its message what became of it."""
    db.execute("DELETE FROM reports WHERE seq = ?", (report.seq,))
    place, seq = f"$[{report.position}].state", int(report.message.id.removeprefix("msg-"))
    db.execute("UPDATE messages SET receipts = json_set(receipts, ?, ?) WHERE seq = ?", (place, state, seq))


def accepted_message(db: sqlite3.Connection, seq: int) -> Accepted | None:
    """One message as a report about it needs it, or `None`; its hook is not kept with it."""
    found = db.execute(
        "SELECT m.seq, m.provider, m.recipient, m.sender, m.subject, c.text, c.payload, m.delivery_id, m.received_us"
        " FROM messages AS m JOIN contents AS c ON c.seq = m.content WHERE m.seq = ?",
        (seq,),
    ).fetchone()
    return None if found is None else _accepted(found, hook="")


def _due(row: Sequence[Any]) -> DueReport:
    seq, position, kind, status, hook, happened_us, tries = row[:7]
    receipt = Receipt(kind=kind, due_at=EPOCH + timedelta(microseconds=happened_us), status=status)
    return DueReport(seq, _accepted(row[7:], hook=hook), position, receipt, tries)


def _accepted(row: Sequence[Any], *, hook: str) -> Accepted:
    message, provider, to, sender, subject, text, payload, delivery_id, received_us = row
    return Accepted(
        id=message_id(message),
        provider=provider,
        to=to,
        sender=sender,
        subject=subject,
        text=text,
        payload=json.loads(payload),
        delivery_id=delivery_id,
        hook=hook,
        received_at=EPOCH + timedelta(microseconds=received_us),
    )
