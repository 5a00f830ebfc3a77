"""Remembers that the database was prepared by just this code, with just these settings, in just this month.

Then a start need not wait for it.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping

from deploy.local.environment import DATABASE_NAMES, given
from deploy.local.paths import REPO, State


class Preparation:
    """Whether the steps have been run before. They are run all the same, but nobody waits for them then.

    The memory can be wrong about a server of the user's own (somebody dropped the database): see `Instance`.
    """

    def __init__(self, state: State, *, environ: Mapping[str, str], settings: str) -> None:
        """`settings` is their fingerprint: what has changed is judged by the steps before anything serves with it."""
        self._state, self._environ, self._settings = state, environ, settings
        self._mark = state.folder / "prepared"
        self.fresh = False  # the steps were run in this start

    def stands(self) -> bool:
        """Were they run for this code, this database and this month? Asked when the servers run."""
        return self._state.keys.exists() and self._mark.exists() and self._mark.read_text() == self._print()

    def remember(self) -> None:
        """They have just been run to their end."""
        self._mark.write_text(self._print())
        self.fresh = True

    def _print(self) -> str:
        """The month counts because partitions are made ahead; the code because of migrations and what is seeded."""
        digest = hashlib.sha256(f"{self._database()}\n{self._settings}\n{time.strftime('%Y-%m')}\n".encode())
        seeded = (path for path in REPO.glob("templates_app/starter/**/*.*") if path.suffix != ".pyc")
        code = (*REPO.glob("*/migrations/*.py"), *REPO.glob("*/management/commands/*.py"))
        for path in sorted([*code, *seeded]):
            digest.update(f"{path.relative_to(REPO)}\n".encode() + path.read_bytes())
        digest.update((REPO / "requirements.txt").read_bytes())
        return digest.hexdigest()

    def _database(self) -> str:
        """Which database: the user's by its URL, ours by the birth of its cluster, for it may have been thrown away."""
        theirs = given(DATABASE_NAMES, environ=self._environ)
        birth = self._state.folder / "postgres" / "data" / "PG_VERSION"
        return theirs or (str(birth.stat().st_mtime_ns) if birth.exists() else "none")
