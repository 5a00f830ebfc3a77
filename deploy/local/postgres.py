"""PostgreSQL of our own: a cluster, one login role without superpowers, one database, passwords everywhere."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from deploy.local.account import give
from deploy.local.binaries import postgres_programs
from deploy.local.identity import PROC, Identity, identify
from deploy.local.paths import read_json, write_private
from deploy.local.probes import postgres_answers
from deploy.local.service import Service, ServiceFailed

OWNER = "carillon_owner"
DATABASE = "carillon"
NEWER_INITDB_SINCE = 17  # PostgreSQL 17: builtin locales, which sort alike on every machine, and --sync-method

SETTINGS = {
    "listen_addresses": "'127.0.0.1'",
    "unix_socket_directories": "''",  # a path with the state folder in it may be too long for a socket
    "max_connections": "200",
    "max_locks_per_transaction": "256",  # partitioned tables lock many relations at once
    "shared_buffers": "'256MB'",
    "wal_compression": "on",
    "password_encryption": "'scram-sha-256'",
    "timezone": "'UTC'",
    "log_timezone": "'UTC'",
    "log_line_prefix": "'%m [%p] %q%u@%d '",
    "log_checkpoints": "off",
}
LINUX = sys.platform.startswith("linux")
if LINUX:
    # After a crash every file is synced before sessions are taken: 15 s one by one where 800 tables were new, 0.3 s so.
    SETTINGS["recovery_init_sync_method"] = "syncfs"
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "'128MB'",
    "max_wal_size": "'2GB'",
}


class Postgres(Service):
    """A PostgreSQL server in `directory`, listening on 127.0.0.1 only."""

    name = "postgres"
    # INT is the fast shutdown (sessions are ended), QUIT the immediate one (recovery at the next start).
    ways_to_stop = ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
    orphan_signal = signal.SIGINT

    @property
    def url(self) -> str:
        """`postgresql://` with the owner of the database."""
        return f"postgresql://{OWNER}:{self._passwords[OWNER]}@{self.host_and_port}/{DATABASE}"

    @property
    def superuser_url(self) -> str:
        """For repair by hand and for tests that need more than the owner may do."""
        return f"postgresql://postgres:{self._passwords['postgres']}@{self.host_and_port}/{DATABASE}"

    def answers(self) -> bool:
        """Whether it takes sessions."""
        return self.alive() and postgres_answers(self.port)

    def command(self) -> Sequence[str]:
        """The postmaster, in the foreground."""
        return [str(self._programs / "postgres"), "-D", str(self.data)]

    def prepare(self) -> None:
        """Create the cluster, the role and the database when missing; write today's settings."""
        if not (self.data / "PG_VERSION").exists():
            self._create()
        elif (found := (self.data / "PG_VERSION").read_text().strip()) != str(self._major):
            raise ServiceFailed(
                f"{self.data} was written by PostgreSQL {found}, the programs here are {self._major}. "
                f"Dump and load it with both versions, or remove {self.directory} to begin anew"
            )
        elif set(read_json(self._password_file)) != {"postgres", OWNER}:
            self._passwords = self._new_passwords()
            self._write_settings(self.data)
            self._run_alone(self.data, sql=[self._sql_password(role, verb="ALTER") for role in self._passwords])
            self._keep_passwords()
        self._write_settings(self.data)
        self._drop_false_lock()

    def orphans(self) -> list[Identity]:
        """Also the one that `postmaster.pid` names, should our own note be lost."""
        by_lock = identify(self._pid_in_lock()) if self._pid_in_lock() else None
        known = super().orphans()
        if by_lock is None or by_lock in known or by_lock.pid == self.pid or not by_lock.says(str(self.data)):
            return known
        return [*known, by_lock]

    def may_try_again(self) -> bool:
        """Sessions of a killed server hold its shared memory for a moment; a lock file may be just going away."""
        return any(words in self.last_words() for words in ("shared memory block", "lock file"))

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.directory / "data"

    @cached_property
    def _programs(self) -> Path:
        return postgres_programs(self.venv, account=self.account, copies=self.directory.parent / "programs")

    @cached_property
    def _major(self) -> int:
        said = subprocess.run([self._programs / "postgres", "--version"], capture_output=True, text=True, check=True)
        found = re.search(r"\) (\d+)", said.stdout)
        if found is None:
            raise ServiceFailed(f"cannot read a version in {said.stdout!r} of {self._programs / 'postgres'}")
        return int(found.group(1))

    @cached_property
    def _passwords(self) -> dict[str, str]:
        return {role: str(word) for role, word in read_json(self._password_file).items()} or self._new_passwords()

    @property
    def _password_file(self) -> Path:
        return self.directory / "passwords.json"

    def _new_passwords(self) -> dict[str, str]:
        return {role: secrets.token_urlsafe(24) for role in ("postgres", OWNER)}

    def _keep_passwords(self) -> None:
        write_private(self._password_file, json.dumps(self._passwords))

    def _create(self) -> None:
        """Build the cluster aside and move it in place when complete: an interrupted start leaves nothing half-done."""
        unfinished, password = self.directory / "data.unfinished", self.directory / "superuser"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._passwords = self._new_passwords()
        write_private(password, self._passwords["postgres"])
        give(password, account=self.account)
        details = ["--locale=C.UTF-8"]
        if self._major >= NEWER_INITDB_SINCE:
            details = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
            details += ["--sync-method=syncfs"] if LINUX else []
        try:
            self._run(
                ["initdb", "-D", str(unfinished), "-U", "postgres", f"--pwfile={password}", "--encoding=UTF8", *details]
                + ["--auth=scram-sha-256", "--data-checksums", "--no-instructions"]
                + ([] if self.durable else ["--no-sync"]),
                said="",
            )
        finally:
            password.unlink()
        with (unfinished / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'carillon.conf'\n")
        self._write_settings(unfinished)
        create = self._sql_password(OWNER, verb="CREATE").replace(";", " LOGIN CREATEDB CREATEROLE NOSUPERUSER;")
        self._run_alone(unfinished, sql=[create, f"CREATE DATABASE {DATABASE} OWNER {OWNER};"])
        self._keep_passwords()
        unfinished.rename(self.data)

    def _sql_password(self, role: str, *, verb: str) -> str:
        return f"{verb} ROLE {role} PASSWORD '{self._passwords[role]}';"

    def _write_settings(self, data: Path) -> None:
        settings = {"port": str(self.port), **SETTINGS, **(DURABLE if self.durable else THROW_AWAY)}
        path = data / "carillon.conf"
        write_private(path, "".join(f"{name} = {value}\n" for name, value in settings.items()))
        give(path, account=self.account)

    def _run_alone(self, data: Path, *, sql: Sequence[str]) -> None:
        """Run statements in single-user mode: needs no client program, no socket and no password on a command line."""
        alone = ["postgres", "--single", "-c", "exit_on_error=on", "-D", str(data), "postgres"]
        self._run(alone, said="".join(f"{statement}\n" for statement in sql))

    def _run(self, command: Sequence[str], *, said: str) -> None:
        done = subprocess.run(
            [str(self._programs / command[0]), *command[1:]],
            input=said,
            capture_output=True,
            text=True,
            env=self.environment(),
            cwd=self.directory,
            user=None if self.account is None else self.account.uid,
            group=None if self.account is None else self.account.gid,
            extra_groups=None if self.account is None else [],
            check=False,
        )
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise ServiceFailed(f"{command[0]} failed ({done.returncode}):\n{(done.stderr or done.stdout)[-2000:]}")

    def _pid_in_lock(self) -> int:
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return 0

    def _drop_false_lock(self) -> None:
        """Remove a lock file whose pid now belongs to a stranger, which PostgreSQL would take for a living server.

        Only when no process works in the data folder: surviving sessions of a killed server are found by that file.
        """
        holder = identify(self._pid_in_lock()) if self._pid_in_lock() else None
        if holder is None or not PROC.joinpath("self").exists() or holder.says(str(self.data)):
            return
        if not _someone_works_in(self.data):
            (self.data / "postmaster.pid").unlink(missing_ok=True)


def _someone_works_in(folder: Path) -> bool:
    """Whether a process works in `folder`, as every PostgreSQL process does in its cluster. Linux only."""
    for entry in PROC.iterdir():
        if entry.name.isdigit():
            try:
                if (entry / "cwd").samefile(folder):
                    return True
            except OSError:  # gone meanwhile, or not ours to look at: then it is no server of ours either
                continue
    return False
