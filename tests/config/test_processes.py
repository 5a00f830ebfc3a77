"""What a process is follows from how it was started, and what it may touch from what it is."""

import pytest

from config.processes import PROCESSES, VARIABLE, enter, enter_command

ROLES = {
    "web": "carillon_app",
    "realtime": "carillon_app",
    "worker": "carillon_dispatcher",
    "beat": "carillon_dispatcher",
    "timekeeper": "carillon_dispatcher",
    "manage": "carillon_dispatcher",
    "migrate": "",
    "build": "",
    "test": "",
    "": "",
}


def test_roles_follow_from_the_kind_of_process() -> None:
    assert {name: process.role for name, process in PROCESSES.items()} == ROLES


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [
        pytest.param("migrate", "manage", "migrate", id="migrations own the tables whatever was said"),
        pytest.param("partitions", "", "migrate", id="so do partitions"),
        pytest.param("timekeeper", "manage", "timekeeper", id="the timekeeper is itself"),
        pytest.param("worker", "", "worker", id="a worker"),
        pytest.param("seed", "", "manage", id="any other command"),
        pytest.param("seed", "web", "web", id="any other command, told otherwise"),
        pytest.param("migrate", "test", "test", id="tests stay tests"),
        pytest.param("environment", "", "build", id="documentation"),
    ],
)
def test_a_command_says_what_the_process_is(command: str, before: str, after: str) -> None:
    environ = {VARIABLE: before} if before else {}

    enter_command(command, environ=environ)

    assert environ == {VARIABLE: after}


def test_an_entry_point_does_not_overrule_who_started_it() -> None:
    environ = {VARIABLE: "test"}

    enter(PROCESSES["web"], environ=environ)

    assert environ == {VARIABLE: "test"}
