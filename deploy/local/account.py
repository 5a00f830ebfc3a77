"""The account that PostgreSQL and Valkey run under: ours, or `nobody` when we are root (PostgreSQL refuses root)."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

NAME = "nobody"


class Unreachable(Exception):
    """The service account cannot get to a folder it has to work in."""


@dataclass(frozen=True, slots=True)
class Account:
    """A system user to drop to."""

    name: str
    uid: int
    gid: int


def service_account() -> Account | None:
    """The account to drop to; None when we are not root and simply stay who we are."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(NAME)
    return Account(name=NAME, uid=entry.pw_uid, gid=entry.pw_gid)


def may(action: str, *, path: Path, account: Account | None) -> bool:
    """Whether the account may read (`r`), write (`w`) or enter/execute (`x`) `path`: the kernel is asked."""
    if account is None:
        return os.access(path, {"r": os.R_OK, "w": os.W_OK, "x": os.X_OK}[action])
    asked = subprocess.run(
        ["test", f"-{action}", str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return asked.returncode == 0


def give(path: Path, *, account: Account | None) -> None:
    """Make one file or folder belong to the account."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def own_folder(path: Path, *, account: Account | None) -> None:
    """Create `path` as a private folder of the account. Raises Unreachable when the account cannot get there."""
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    give(path, account=account)
    if not may("w", path=path, account=account):
        who = NAME if account is None else account.name
        raise Unreachable(
            f"the user '{who}', which runs the embedded services, cannot reach {path}; "
            "use a folder whose parents are open to everybody (CARILLON_STATE_DIR=/var/tmp/…)"
        )
