"""Settings that will not do are told before anything is started, in one line each."""

from pathlib import Path

import pytest

from tests.launcher.launching import PLACEHOLDER, Launcher

WRONG = {
    "a number": (
        {"RETRY_MAX_ATTEMPTS": "many"},
        "carillon: RETRY_MAX_ATTEMPTS is 'many'; a whole number from 1 to 20 would do",
    ),
    "a URL": (
        {"BROKER_URL": "carrier-pigeon://:s3cret@roof"},
        "carillon: BROKER_URL is set to something else (not shown, it is a secret); "
        "a URL like redis://host:6379/1 would do",
    ),
    "a mounted file": (
        {"SECRET_KEY_FILE": "/nowhere/secret"},
        "carillon: SECRET_KEY_FILE names '/nowhere/secret', which cannot be read: No such file or directory",
    ),
}


@pytest.mark.parametrize(("environ", "line"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("words", [("up",), ("up", "--detach"), ("manage", "check")], ids=" ".join)
def test_nothing_starts_with_a_wrong_value(
    launcher: Launcher, environ: dict[str, str], line: str, words: tuple[str, ...]
) -> None:
    launcher.extra |= environ

    done = launcher.run(*words)

    assert (done.returncode, done.stderr) == (2, f"{line}\n")
    assert launcher.processes() == []


def test_a_wrong_value_is_told_as_soon_when_all_was_well_last_time(launcher: Launcher) -> None:
    launcher.run("up", "--detach")
    launcher.run("down")
    launcher.extra["RETRY_MAX_ATTEMPTS"] = "many"

    done = launcher.run("up", "--detach")

    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert launcher.processes() == []


def test_settings_that_have_changed_are_judged_by_the_steps_first(launcher: Launcher, tmp_path: Path) -> None:
    keys = ["{python}", str(PLACEHOLDER), "prepare", "{state}/keys.json", str(tmp_path / "notes"), "0"]
    launcher.table(steps=({"name": "prepare", "command": keys},))
    launcher.run("up", "--detach")
    launcher.run("down")
    launcher.table(steps=({"name": "prepare", "command": ["sh", "-c", "echo carillon: no such strategy; exit 3"]},))
    unchanged = launcher.run("up", "--detach").returncode
    launcher.run("down")
    launcher.extra["ORCHESTRATOR_DEFAULT_STRATEGY"] = "telepathy"

    done = launcher.run("up", "--detach")

    assert unchanged == 0
    assert (done.returncode, done.stderr) == (2, "carillon: no such strategy\n")
    assert launcher.processes() == []
