"""docker-compose.yml runs what `./carillon up` runs, and says what it needs."""

import re
from typing import Any

import pytest
import yaml

from deploy.local.paths import REPO
from deploy.local.table import CARILLON, Program

COMPOSE: dict[str, Any] = yaml.safe_load((REPO / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = {"postgres", "valkey"}
STEPS = {"migrate"}
WHERE = ("--bind", "--fd", "--host", "--port", "--http-port", "--smtp-port", "--state")  # differs, and may


def without_where(command: list[str]) -> list[str]:
    """The command without the options that say where to listen and where to write, and without their values."""
    kept = []
    words = iter(command)
    for word in words:
        if word in WHERE:
            next(words)
        else:
            kept.append(word)
    return kept


def here(program: Program) -> list[str]:
    return ["python" if word == "{python}" else word for word in program.command]


def test_both_run_the_same_processes() -> None:
    assert set(SERVICES) - SERVERS - STEPS == {program.name for program in CARILLON.programs}


@pytest.mark.parametrize("program", CARILLON.programs, ids=lambda program: program.name)
def test_a_process_is_started_alike(program: Program) -> None:
    service = SERVICES[program.name]

    assert without_where(service["command"]) == without_where(here(program))
    assert service.get("environment", {}).get("CARILLON_PROCESS") == program.env.get("CARILLON_PROCESS")


def test_migrations_and_partitions_come_first() -> None:
    (shell, _, line) = SERVICES["migrate"]["command"]

    assert shell == "sh"
    assert line == "python manage.py migrate --noinput && python manage.py partitions"
    waiting = {name for name, service in SERVICES.items() if "migrate" in service.get("depends_on", {})}
    assert waiting == set(SERVICES) - SERVERS - STEPS - {"sandbox"}


def test_only_the_sandbox_has_to_be_asked_for() -> None:
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "sandbox": ["sandbox"]
    }


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_container_has_a_health_check_or_says_that_it_has_none(name: str) -> None:
    check = SERVICES[name].get("healthcheck", {"test": "of the image"})

    assert check.get("disable") is True or check["test"]


def test_each_variable_is_explained_in_the_example() -> None:
    used = set(re.findall(r"\$\{(\w+)", (REPO / "docker-compose.yml").read_text())) - {"GIT_SHA"}
    explained = set(re.findall(r"^#?(\w+)=", (REPO / ".env.example").read_text(), flags=re.MULTILINE))

    assert used <= explained


def test_the_image_gets_no_secret_and_no_state() -> None:
    ignored = (REPO / ".dockerignore").read_text().split()

    assert ".*" in ignored  # .env, .git, .carillon
    assert "tests" in ignored


def test_the_image_runs_as_nobody_in_particular() -> None:
    lines = (REPO / "Dockerfile").read_text().splitlines()

    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users == ["10001"]
    assert lines.index("USER 10001") < next(n for n, line in enumerate(lines) if line.startswith("CMD "))
    assert any("--require-hashes requirements.txt" in line for line in lines)
