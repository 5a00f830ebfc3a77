"""Valkey of our own: a password, an append-only file and snapshots, on 127.0.0.1 only."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from deploy.local.account import give, own_folder
from deploy.local.binaries import valkey_program
from deploy.local.paths import write_private
from deploy.local.probes import valkey_answers
from deploy.local.service import Service

DURABLE = ("appendonly yes", "appendfsync everysec", "save 900 1 300 10 60 10000")
THROW_AWAY = ("appendonly no", 'save ""')


class Valkey(Service):
    """A Valkey (or Redis) server in `directory`."""

    name = "valkey"
    ways_to_stop = ((signal.SIGTERM, 10.0),)  # writes its snapshot before it ends
    orphan_signal = signal.SIGTERM

    @property
    def url(self) -> str:
        """`redis://` with the password, database 0."""
        return f"redis://:{self._password}@{self.host_and_port}/0"

    def answers(self) -> bool:
        """Whether it takes commands (its data is loaded)."""
        return self.alive() and valkey_answers(self.port)

    def command(self) -> Sequence[str]:
        """The server, in the foreground."""
        program = valkey_program(self.venv, account=self.account, copies=self.directory.parent / "programs")
        return [str(program), str(self._conf)]

    def prepare(self) -> None:
        """Write today's settings; the password is in the file, never on the command line."""
        own_folder(self.directory / "data", account=self.account)
        lines = (
            "bind 127.0.0.1",
            "protected-mode yes",
            f"port {self.port}",
            f"requirepass {self._password}",
            f'dir "{self.directory / "data"}"',
            "daemonize no",
            "set-proc-title no",  # the command line keeps our path, by which an orphan is known
            "maxmemory-policy noeviction",
            *(DURABLE if self.durable else THROW_AWAY),
        )
        write_private(self._conf, "\n".join(lines) + "\n")
        give(self._conf, account=self.account)

    @property
    def _conf(self) -> Path:
        return self.directory / "valkey.conf"

    @cached_property
    def _password(self) -> str:
        path = self.directory / "password"
        if not path.exists():
            own_folder(self.directory, account=self.account)
            write_private(path, secrets.token_urlsafe(24))
        return path.read_text().strip()
