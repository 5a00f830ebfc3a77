"""A wrong environment stops the start with one clear line; a right one lets it go on."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

WEB = ("-m", "gunicorn", "config.wsgi:application", "-c", "config/gunicorn.py", "--bind", "127.0.0.1:0")


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("manage.py", "check"), id="command"),
        pytest.param(("-m", "celery", "-A", "config", "report"), id="celery"),
        pytest.param(WEB, id="gunicorn"),
        pytest.param(("-m", "uvicorn", "config.asgi:application", "--port", "0"), id="uvicorn"),
    ],
)
def test_a_wrong_value_stops_every_kind_of_start_with_one_line(run: Run, command: tuple[str, ...]) -> None:
    ended = run(*command, ORCHESTRATOR_EMAIL_TIMEOUT="30s")

    assert ended.returncode == 2
    assert ended.stderr == (
        "carillon: ORCHESTRATOR_EMAIL_TIMEOUT is '30s'; a whole number from 100 to 600000 (milliseconds) would do\n"
    )


def test_several_mistakes_are_several_lines_and_show_no_secret(run: Run) -> None:
    ended = run("manage.py", "check", unset=("DATABASE_URL",), SECRET_KEY="hunter2", SENTRY_DSN="hunter3")

    assert ended.returncode == 2
    assert [line.split()[1] for line in ended.stderr.splitlines()] == ["DATABASE_URL", "SECRET_KEY", "SENTRY_DSN"]
    assert "hunter" not in ended.stderr + ended.stdout


@pytest.mark.parametrize(
    "key",
    ["change-me-change-me-change-me-change-me-change-me-change-me", "x" * 60, "django-insecure-" + "abcdefg" * 8],
)
def test_a_key_that_everybody_knows_stops_the_start(run: Run, key: str) -> None:
    ended = run("manage.py", "check", SECRET_KEY=key)

    assert ended.returncode == 2
    assert ended.stderr.startswith("carillon: SECRET_KEY is set to something else (not shown, it is a secret);")


def test_a_mounted_secret_is_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789\n")

    ended = run(
        "-c", "from config import settings; print(settings.SECRET_KEY)",
        unset=("SECRET_KEY",), SECRET_KEY_FILE=str(tmp_path / "key"), CARILLON_PROCESS="web",
    )  # fmt: skip

    assert ended.stdout == "from-a-file-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789\n"


def test_gunicorn_gives_up_when_a_setting_cannot_work(run: Run) -> None:
    ended = run(*WEB, ORCHESTRATOR_DLQ_NAME="notification_orchestration.retry", LOG_LEVEL="ERROR", WEB_WORKERS="1")

    lines = [line for line in ended.stderr.splitlines() if line.startswith("carillon:")]
    assert ended.returncode == 3
    assert set(lines) == {
        "carillon: several lanes share the queue 'notification_orchestration.retry'; "
        "give the ORCHESTRATOR_*_NAME different values (carillon.E003)"
    }
    assert "Traceback" not in ended.stderr


def test_building_needs_nothing(run: Run) -> None:
    ended = run("manage.py", "environment", unset=("DATABASE_URL", "REDIS_URL", "SECRET_KEY"))

    assert ended.returncode == 0
    assert ended.stdout.startswith(
        "| Name | Kind | Default | Meaning |\n|---|---|---|---|\n| `DATABASE_URL` or `DB_URL` |"
    )
    assert (
        "| `ORCHESTRATOR_EMAIL_TIMEOUT` | a whole number from 100 to 600000 (milliseconds) | `30000` |" in ended.stdout
    )
    assert "`PROVIDER_CREDENTIALS_<PROVIDER>`" in ended.stdout
    assert "NAME_FILE" in ended.stdout


def test_production_settings_pass_the_deployment_checks(run: Run) -> None:
    ended = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", "--tag", "security", "--tag", "carillon")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert "no issues" in ended.stdout


def test_what_watches_us_is_not_even_imported_when_it_is_off(run: Run) -> None:
    code = "import sys, config.wsgi; print([name for name in ('sentry_sdk', 'config.tracing') if name in sys.modules])"

    ended = run("-c", code, LOG_LEVEL="ERROR")

    assert ended.stdout == "[]\n", ended.stderr


@pytest.mark.parametrize(("door", "process"), [("wsgi", "web"), ("asgi", "realtime")])
def test_each_door_knows_what_it_is(run: Run, door: str, process: str) -> None:
    code = f"import config.{door}; from django.db import connection; print(connection.settings_dict['OPTIONS'])"

    ended = run("-c", code, LOG_LEVEL="ERROR")

    assert f"'application_name': 'carillon-{process}'" in ended.stdout, ended.stderr


def test_a_realtime_process_loads_without_pages(run: Run) -> None:
    code = "import config.asgi; from django.conf import settings; print(*settings.MIDDLEWARE)"

    ended = run("-c", code, LOG_LEVEL="ERROR")

    assert ended.returncode == 0, ended.stderr
    assert "Sessions" not in ended.stdout
    assert "RequestContext" in ended.stdout
