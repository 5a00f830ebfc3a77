"""The ledger: what the sandbox accepted and turned away, and the behaviours in force; it survives `kill -9`.

SQLite in WAL mode with `synchronous=OFF`: a commit is in the kernel's page cache, which outlives the process (not the
machine; a sandbox does not need that). This is the writing side, used by the event loop's thread alone: a write costs
tens of microseconds, less than handing it to another thread. Reading is in `lookup.py`.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from channels_app.sandbox.behaviour_json import read_behaviour, write_behaviour
from channels_app.sandbox.behaviours import Standing
from channels_app.sandbox.report_rows import accepted_message, due_reports, end_report, plan_reports
from channels_app.sandbox.schema import SCHEMA, SCHEMA_VERSION
from channels_app.sandbox.values import Accepted, DueReport, Message, Receipt, Rejection, message_id, microseconds

FILE_NAME = "ledger.sqlite3"
MAX_MESSAGES = 200_000
MAX_BYTES = 2 * 1024**3  # of message contents, as they came over the wire
MAX_REJECTIONS = 20_000
MAX_DELIVERY_IDS = 1_000_000  # outlive their messages: a load run is compared with the database by these
TRIM_BATCH = 1_000


class LedgerUnusable(RuntimeError):
    """The state directory cannot serve: another sandbox holds it, or another version wrote it."""


class Ledger:
    """Opens or creates the ledger of a state directory. Raises LedgerUnusable."""

    def __init__(self, state: Path, *, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.path = state / FILE_NAME
        self.revision = 0  # grows with every change of the behaviours: a reader's cue to look again
        self.clears = 0  # the same for clears
        self._max_messages, self._max_bytes = max_messages, max_bytes
        self._owner = _own(state)
        self._db = sqlite3.connect(self.path, isolation_level=None, timeout=0.2)  # only a clear waits for readers
        for pragma in (
            "journal_mode=WAL",
            "synchronous=OFF",
            "secure_delete=OFF",
            "cache_size=-16000",
            "journal_size_limit=67108864",
        ):
            self._db.execute(f"PRAGMA {pragma}")
        self._create()
        self._count_all()

    def _create(self) -> None:
        version = self._one("PRAGMA user_version")
        if version not in (0, SCHEMA_VERSION):
            found = f"{self.path} has layout {version}, this sandbox writes layout {SCHEMA_VERSION}; delete the file"
            raise LedgerUnusable(found)
        self._db.executescript(f"{SCHEMA}; PRAGMA user_version={SCHEMA_VERSION};")

    def _count_all(self) -> None:
        self.messages = self._one("SELECT count(*) FROM messages")
        self.newest = self._one("SELECT ifnull(max(seq), 0) FROM messages")
        self.rejections = self._one("SELECT count(*) FROM rejections")
        self.newest_rejection = self._one("SELECT ifnull(max(seq), 0) FROM rejections")
        self.duplicates = self._one("SELECT count(*) FROM acceptances WHERE times > 1")
        self._bytes = self._one("SELECT ifnull(sum(size), 0) FROM contents")

    # -- messages ----------------------------------------------------------------------------------------------------

    def accept(self, message: Message, *, at: datetime, receipts: Mapping[str, Sequence[Receipt]]) -> tuple[str, ...]:
        """Record one accepted call, one row per recipient, and give the rows' ids. Committed when this returns.

        `receipts` are planned per recipient. Beyond its bounds the ledger forgets the oldest messages first.
        """
        now = microseconds(at)
        with self._transaction():
            content = self._add_content(message)
            seqs = [
                self._add_row(message, content=content, to=to, now=now, receipts=receipts.get(to, ()))
                for to in message.to
            ]
            times = self._tick(message.delivery_id, now=now)
        self.messages += len(seqs)
        self.newest = seqs[-1]
        self.duplicates += times == 2
        self._bytes += len(message.raw)
        self._trim()
        return tuple(message_id(seq) for seq in seqs)

    def _add_content(self, message: Message) -> int:
        headers, payload = _dump(message.headers), _dump(message.payload)
        values = (len(message.raw), message.text, message.html, headers, payload, message.raw)
        columns = "INSERT INTO contents (size, text, html, headers, payload, raw) VALUES (?, ?, ?, ?, ?, ?)"
        return self._insert(columns, values)

    def _add_row(self, message: Message, *, content: int, to: str, now: int, receipts: Sequence[Receipt]) -> int:
        planned = _dump([receipt.as_json() for receipt in receipts]) if receipts else "[]"
        m = message
        values = (content, m.channel, m.provider, to, m.sender, m.subject, m.delivery_id, now, planned)
        seq = self._insert(
            "INSERT INTO messages (content, channel, provider, recipient, sender, subject, delivery_id, received_us,"
            " receipts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
        if m.hook:
            plan_reports(self._db, seq, receipts, hook=m.hook)
        return seq

    def _tick(self, delivery_id: str | None, *, now: int) -> int:
        """Count one more acceptance of a delivery; a call to several recipients is one acceptance."""
        if delivery_id is None:
            return 0
        rows = self._db.execute(
            "INSERT INTO acceptances (delivery_id, times, last_us) VALUES (?, 1, ?)"
            " ON CONFLICT (delivery_id) DO UPDATE SET times = times + 1, last_us = excluded.last_us RETURNING times",
            (delivery_id, now),
        ).fetchall()
        return int(rows[0][0])

    def clear(self) -> None:
        """Forget every message, every counted delivery id and every rejection; behaviours stay."""
        with self._transaction():
            for table in ("messages", "contents", "acceptances", "rejections", "reports", "answers"):
                self._db.execute(f"DELETE FROM {table}")
        self._db.execute("VACUUM")  # the file is almost empty now: milliseconds, and the disk has its space back
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._count_all()
        self.clears += 1

    # -- reports and answers ------------------------------------------------------------------------------------------

    def due_reports(self, *, at: datetime, limit: int) -> list[DueReport]:
        """The receipts to be reported now, the longest due first."""
        return due_reports(self._db, due_us=microseconds(at), limit=limit)

    def next_report_us(self) -> int | None:
        """When the next receipt is due; `None` when there is none."""
        found = self._db.execute("SELECT min(due_us) FROM reports").fetchone()[0]
        return None if found is None else int(found)

    def end_report(self, report: DueReport, *, state: str) -> None:
        """A receipt is through with: `reported`, `given_up`, or `not_reported` where the provider tells no such."""
        with self._transaction():
            end_report(self._db, report, state=state)

    def put_off_report(self, report: DueReport, *, until: datetime) -> None:
        """A hook did not take a receipt; it will be tried again."""
        again = "UPDATE reports SET tries = tries + 1, due_us = ? WHERE seq = ?"
        self._db.execute(again, (microseconds(until), report.seq))

    def message(self, seq: int) -> Accepted | None:
        """One message, to be written about; `None` when there is none."""
        return accepted_message(self._db, seq)

    def answer_of(self, provider: str, key: str) -> tuple[str, str] | None:
        """What a request with this idempotency key was, and what was answered; `None` for a new key."""
        asked = "SELECT request, answer FROM answers WHERE provider = ? AND key = ?"
        found = self._db.execute(asked, (provider, key)).fetchone()
        return None if found is None else (str(found[0]), str(found[1]))

    def keep_answer(self, provider: str, key: str, *, request: str, answer: str, at: datetime) -> None:
        """Remember an answer, so that the same key gets it again."""
        kept = "INSERT OR IGNORE INTO answers (provider, key, request, answer, given_us) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(kept, (provider, key, request, answer, microseconds(at)))

    # -- rejections --------------------------------------------------------------------------------------------------

    def reject(self, rejection: Rejection, *, at: datetime) -> None:
        """Record one send that was turned away."""
        r = rejection
        values = (r.channel, r.provider, r.to, r.sender, r.subject, r.delivery_id, r.do, r.status, r.answer)
        self.newest_rejection = self._insert(
            "INSERT INTO rejections (channel, provider, recipient, sender, subject, delivery_id, did, status, answer,"
            " rejected_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*values, microseconds(at)),
        )
        self.rejections += 1
        if self.rejections > MAX_REJECTIONS + TRIM_BATCH:
            oldest = self.newest_rejection - MAX_REJECTIONS
            self.rejections -= self._db.execute("DELETE FROM rejections WHERE seq <= ?", (oldest,)).rowcount

    # -- behaviours --------------------------------------------------------------------------------------------------

    def standings(self) -> list[Standing]:
        """The behaviours in force, in order, with what is left of them."""
        rows = self._db.execute("SELECT rule, draws FROM behaviours ORDER BY position")
        return [Standing(read_behaviour(json.loads(rule)), draws) for rule, draws in rows]

    def keep_standings(self, standings: Sequence[Standing]) -> None:
        """Put these behaviours in the place of all others."""
        with self._transaction():
            self._db.execute("DELETE FROM behaviours")
            self._save(dict(enumerate(standings)))

    def note_standings(self, changed: Mapping[int, Standing]) -> None:
        """Remember what a choice used up, by position."""
        with self._transaction():
            self._save(changed)

    def _save(self, standings: Mapping[int, Standing]) -> None:
        rows = [(place, _dump(write_behaviour(each.rule)), each.draws) for place, each in standings.items()]
        self._db.executemany("INSERT OR REPLACE INTO behaviours (position, rule, draws) VALUES (?, ?, ?)", rows)
        self.revision += 1

    # -- bounds ------------------------------------------------------------------------------------------------------

    def _trim(self) -> None:
        if self.messages > self._max_messages + TRIM_BATCH:
            self._forget_before(
                "SELECT content FROM messages ORDER BY seq DESC LIMIT 1 OFFSET ?", self._max_messages - 1
            )
        if self._bytes > self._max_bytes:
            self._forget_before(
                "SELECT seq FROM (SELECT seq, sum(size) OVER (ORDER BY seq DESC) AS kept FROM contents)"
                " WHERE kept <= ? OR seq = (SELECT max(seq) FROM contents) ORDER BY seq LIMIT 1",
                int(self._max_bytes * 0.9),
            )

    def _forget_before(self, oldest_kept: str, bound: int) -> None:
        """Delete the contents older than the one this query names, and all that hangs on them."""
        kept = self._one(oldest_kept, bound)
        with self._transaction():
            self._bytes -= self._one("SELECT ifnull(sum(size), 0) FROM contents WHERE seq < ?", kept)
            self.messages -= self._db.execute("DELETE FROM messages WHERE content < ?", (kept,)).rowcount
            self._db.execute("DELETE FROM reports WHERE message < (SELECT min(seq) FROM messages)")
            self._db.execute("DELETE FROM contents WHERE seq < ?", (kept,))
            many = "DELETE FROM acceptances WHERE seq <= (SELECT max(seq) FROM acceptances) - ? RETURNING times"
            self.duplicates -= sum(times > 1 for (times,) in self._db.execute(many, (MAX_DELIVERY_IDS,)).fetchall())

    # -- plumbing ----------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Ask the file one small question. Raises sqlite3.Error when it does not answer."""
        self._one("SELECT 1 FROM sqlite_master LIMIT 1")

    def close(self) -> None:
        """Close the files; another sandbox may have the state directory now."""
        self._db.close()
        self._owner.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def _insert(self, statement: str, values: tuple[Any, ...]) -> int:
        return self._db.execute(statement, values).lastrowid or 0

    def _one(self, statement: str, *values: Any) -> int:
        return int(self._db.execute(statement, values).fetchone()[0])


def _own(state: Path) -> sqlite3.Connection:
    """Hold the state directory until closed: a lock the system drops with the process, on every platform."""
    owner = sqlite3.connect(state / "owner.sqlite3", timeout=0, isolation_level=None)
    try:
        owner.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        owner.close()
        raise LedgerUnusable(f"another sandbox is using {state}; stop it or choose another --state") from error
    return owner


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
