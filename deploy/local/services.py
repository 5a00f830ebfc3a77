"""PostgreSQL and Valkey for whoever needs them: the launcher, and the tests themselves."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.postgres import Postgres
from deploy.local.service import Service, ServiceFailed
from deploy.local.valkey import Valkey

__all__ = ["Postgres", "Service", "ServiceFailed", "Valkey", "start_postgres", "start_valkey", "temporary_folder"]


def start_postgres(
    directory: Path,
    *,
    port: int | None = None,
    durable: bool = True,
    venv: Path | None = None,
    log: Path | None = None,
    mark: str | None = None,
) -> Postgres:
    """PostgreSQL with its cluster in `directory`, answering when this returns.

    `port`: None takes any free one. `durable=False` is for data nobody will miss: no fsync. `venv`: where the wheels
    are, by default the running interpreter. `log`: where its output goes, by default into the directory. `mark`: a
    NAME=value to put in its environment. Raises ServiceFailed, MissingPrograms, Unreachable (as root the folder must
    be one that the user `nobody` can get to: see `temporary_folder`).
    """
    server = Postgres(directory, port=port, durable=durable, venv=venv, log=log, mark=mark)
    server.start()
    return server


def start_valkey(
    directory: Path,
    *,
    port: int | None = None,
    durable: bool = True,
    venv: Path | None = None,
    log: Path | None = None,
    mark: str | None = None,
) -> Valkey:
    """Valkey with its data in `directory`, answering when this returns; the arguments are those of `start_postgres`."""
    server = Valkey(directory, port=port, durable=durable, venv=venv, log=log, mark=mark)
    server.start()
    return server


@contextmanager
def temporary_folder(prefix: str = "carillon-") -> Iterator[Path]:
    """A temporary folder that the service account can pass through, removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
