"""The database is prepared before the first start, and beside every later one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.paths import REPO, State
from deploy.local.preparation import Preparation
from tests.launcher.launching import PLACEHOLDER, Launcher


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """Where each preparation leaves a line."""
    return tmp_path / "notes"


def preparing(notes: Path, *, seconds: float = 0) -> tuple[dict[str, object]]:
    words = ["{python}", str(PLACEHOLDER), "prepare", "{state}/keys.json", str(notes), str(seconds)]
    return ({"name": "prepare", "command": words},)


def times(notes: Path) -> int:
    return len(notes.read_text().split()) if notes.exists() else 0


def test_the_first_start_waits_for_the_preparation(launcher: Launcher, notes: Path) -> None:
    launcher.table(steps=preparing(notes, seconds=0.5))

    launcher.run("up", "--detach")

    assert times(notes) == 1


def test_a_later_start_prepares_when_it_is_ready(launcher: Launcher, notes: Path) -> None:
    launcher.table(steps=preparing(notes))
    launcher.run("up", "--detach")
    launcher.run("down")
    launcher.table(steps=preparing(notes, seconds=2))

    launcher.run("up", "--detach")

    assert times(notes) == 1
    assert launcher.eventually(lambda: times(notes) == 2)
    assert launcher.run("status").returncode == 0


def test_a_preparation_that_fails_beside_a_running_system_is_told_and_stops_nothing(
    launcher: Launcher, notes: Path, tmp_path: Path
) -> None:
    launcher.table(steps=preparing(notes))
    launcher.run("up", "--detach")
    launcher.run("down")
    crash = ["{python}", str(PLACEHOLDER), "crash", str(tmp_path / "crashed")]
    launcher.table(steps=({"name": "prepare", "command": crash},))

    launcher.run("up", "--detach")

    log = launcher.state / "logs" / "supervisor.log"
    assert launcher.eventually(lambda: "prepare failed with exit code 7" in log.read_text())
    assert "everything goes on running" in log.read_text()
    assert launcher.run("status").returncode == 0


def test_a_start_that_does_not_get_ready_prepares_after_all(launcher: Launcher, notes: Path) -> None:
    launcher.table(steps=preparing(notes))
    launcher.run("up", "--detach")
    launcher.run("down")
    notes.unlink()
    launcher.table(steps=preparing(notes), web_needs=(str(notes),))
    doubtful = "from deploy.local import cli, instance; instance.DOUBT_SECONDS = 0.5; cli.run()"

    up = subprocess.Popen([sys.executable, "-c", doubtful, "up"], env=launcher.env, cwd=REPO, stdout=subprocess.DEVNULL)

    assert launcher.eventually(lambda: launcher.run("status").returncode == 0)
    assert times(notes) == 1
    launcher.run("down")
    assert up.wait(timeout=10) == 0


class Remembered:
    """A preparation that was remembered; `again()` is what the next start thinks of it."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder=folder, venv=folder / "venv")
        self.version = folder / "postgres" / "data" / "PG_VERSION"
        self.version.parent.mkdir(parents=True)
        self.version.write_text("18\n")
        self.state.keys.write_text(json.dumps({"live_key": "crl_live_x"}))
        Preparation(self.state, environ={}, settings="as they were").remember()

    def again(self, *, settings: str = "as they were", **environ: str) -> bool:
        return Preparation(self.state, environ=environ, settings=settings).stands()


def test_the_same_code_and_database_stand(tmp_path: Path) -> None:
    assert Remembered(tmp_path).again()


def test_a_cluster_made_anew_is_not_prepared(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path)

    os.utime(remembered.version, ns=(1, 1))

    assert not remembered.again()


def test_another_database_is_not_prepared(tmp_path: Path) -> None:
    assert not Remembered(tmp_path).again(DATABASE_URL="postgresql://elsewhere/x")


def test_other_settings_are_not_prepared(tmp_path: Path) -> None:
    assert not Remembered(tmp_path).again(settings="otherwise")


def test_without_keys_nothing_is_prepared(tmp_path: Path) -> None:
    remembered = Remembered(tmp_path)

    remembered.state.keys.unlink()

    assert not remembered.again()
