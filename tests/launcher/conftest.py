"""A launcher that nothing survives."""

import shutil
from collections.abc import Iterator

import pytest

from deploy.local.paths import REPO
from deploy.local.services import temporary_folder
from tests.launcher.launching import Launcher


@pytest.fixture
def launcher() -> Iterator[Launcher]:
    """The launcher of this checkout."""
    with temporary_folder("carillon-launcher-") as folder:
        made = Launcher(repo=REPO, state=folder / "state", procfile=folder / "table.json")
        made.table()
        made.reserve_ports()
        yield made
        made.run("down")
        assert made.processes() == []


@pytest.fixture
def launcher_in_spaces() -> Iterator[Launcher]:
    """A copy of the launcher in a folder with spaces in its name, its state inside the copy."""
    with temporary_folder("carillon launcher ") as folder:
        repo = folder / "my own checkout"
        for name in ("deploy", "config", "kernel"):
            shutil.copytree(REPO / name, repo / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("carillon", "requirements.txt"):
            shutil.copy2(REPO / name, repo)
        made = Launcher(repo=repo, state=repo / ".carillon", procfile=folder / "table.json")
        made.table(services=True)
        made.reserve_ports()
        yield made
        made.run("down")
        assert made.processes() == []
