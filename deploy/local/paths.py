"""Where everything of one installation lives: the state folder and the names inside it."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]


class UnusableState(Exception):
    """The state folder cannot be used; the message says what would do."""


@dataclass(frozen=True, slots=True)
class State:
    """The state folder of this checkout."""

    folder: Path
    venv: Path

    @property
    def python(self) -> Path:
        """The interpreter with the dependencies."""
        return self.venv / "bin" / "python"

    @property
    def logs(self) -> Path:
        """One file per process, rotated."""
        return self.folder / "logs"

    @property
    def metrics(self) -> Path:
        """Where the processes of one run share their counters; emptied at each start."""
        return self.folder / "metrics"

    @property
    def keys(self) -> Path:
        """`{"tenant", "live_key", "test_key"}`, written by `manage.py seed`; 0600."""
        return self.folder / "keys.json"

    @property
    def ports(self) -> Path:
        """The ports of the last run, kept when they are still free."""
        return self.folder / "ports.json"

    @property
    def run(self) -> Path:
        """What runs now (`runfile`)."""
        return self.folder / "run.json"

    @property
    def up_lock(self) -> Path:
        """Held by the supervisor as long as it lives; the kernel lets go when it dies."""
        return self.folder / "up.lock"

    @property
    def install_lock(self) -> Path:
        """Held while dependencies are installed."""
        return self.folder / "install.lock"

    def secret_key(self) -> str:
        """The SECRET_KEY of this installation, made once and kept (0600)."""
        path = self.folder / "secret_key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(50))
        return path.read_text().strip()


def state_of(environ: Mapping[str, str]) -> State:
    """The state folder that the environment asks for, created when missing.

    `CARILLON_STATE_DIR` wins; else `.carillon/` in the checkout, and for root `/var/tmp/carillon-<hash of its path>`,
    which the service account can reach. `CARILLON_VENV` (for development) names a virtual environment that has the
    dependencies already. Raises UnusableState.
    """
    folder = Path(environ.get("CARILLON_STATE_DIR") or default_folder()).absolute()
    prepare_folder(folder)
    return State(folder=folder, venv=Path(environ.get("CARILLON_VENV") or folder / "venv"))


def default_folder() -> Path:
    """Where the state lives when nobody says otherwise."""
    if os.geteuid() != 0:
        return REPO / ".carillon"
    return Path("/var/tmp") / f"carillon-{hashlib.sha256(str(REPO).encode()).hexdigest()[:12]}"  # noqa: S108


def prepare_folder(folder: Path) -> None:
    """Create the folder, and refuse one that somebody else put there: it holds our secrets."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = folder.lstat()
        if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
            raise UnusableState(f"{folder} belongs to another user; set CARILLON_STATE_DIR to a folder of your own")
        # Root's services run as another user and have to pass through; every secret inside has its own 0600 or 0700.
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (folder / "logs").mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        what = f"cannot write to {folder} ({error.strerror}); set CARILLON_STATE_DIR to another folder"
        raise UnusableState(what) from error


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all: a reader never sees half of it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty when the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
