"""The words of `./carillon`, while nothing runs."""

import json

import pytest

from tests.launcher.launching import Launcher

NOTHING: dict[str, object] = {
    "api_url": None,
    "realtime_url": None,
    "sandbox_url": None,
    "database_url": None,
    "redis_url": None,
    "live_key": None,
    "test_key": None,
    "processes": [],
}


def test_without_words_it_prints_help(launcher: Launcher) -> None:
    done = launcher.run()

    assert done.returncode == 0
    for command in ("up [--port N] [--detach]", "down", "status [--json]", "test", "demo", "bench", "manage"):
        assert command in done.stdout


def test_status_of_nothing_is_whole_json_and_exit_code_3(launcher: Launcher) -> None:
    done = launcher.run("status", "--json")

    assert (done.returncode, json.loads(done.stdout)) == (3, NOTHING)


def test_status_of_nothing_says_how_to_start(launcher: Launcher) -> None:
    done = launcher.run("status")

    assert (done.returncode, done.stdout) == (3, "Carillon is not running; ./carillon up starts it\n")


def test_down_twice_is_no_mistake(launcher: Launcher) -> None:
    assert [launcher.run("down").returncode, launcher.run("down").returncode] == [0, 0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fly",), "no command 'fly'; known: up, down, status, manage, demo, bench, test"),
        (("up", "--port", "80000"), "'80000' is not a port"),
        (("up", "--prot", "8000"), "unrecognized arguments: --prot"),
        (("status", "--xml"), "unrecognized arguments: --xml"),
    ],
)
def test_wrong_words_are_named_with_exit_code_2(launcher: Launcher, words: tuple[str, ...], said: str) -> None:
    done = launcher.run(*words)

    assert done.returncode == 2
    assert said in done.stderr


def test_a_state_folder_that_is_no_folder_is_refused_in_one_line(launcher: Launcher) -> None:
    launcher.state.rename(launcher.state.with_name("other"))
    launcher.state.write_text("I am a file")

    done = launcher.run("status")

    assert done.returncode == 1
    assert done.stderr == (
        f"carillon: cannot write to {launcher.state} (File exists); set CARILLON_STATE_DIR to another folder\n"
    )
    launcher.state.unlink()


def test_a_broken_table_is_named(launcher: Launcher) -> None:
    launcher.procfile.write_text("[1]")

    done = launcher.run("up")

    assert done.returncode == 2
    assert f"CARILLON_PROCFILE={launcher.procfile} is not a table of processes" in done.stderr
