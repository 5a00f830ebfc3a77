"""`./carillon bench`: what reaches the benchmark, and what does not."""

import io
import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from deploy.local import manage
from deploy.local.console import Console
from deploy.local.paths import State

SERVERS = {"CARILLON_BENCH_DATABASE_URL": "postgresql://x/bench", "CARILLON_BENCH_REDIS_URL": "redis://x/5"}
THEIRS = {"DATABASE_URL": "postgresql://x/theirs", "REDIS_URL": "redis://x/0", "PROVIDER_CREDENTIALS_SMTP": "smtp://x"}
Run = Callable[..., tuple[int, list[str], dict[str, str]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `carillon bench` with a stand-in for Python; its exit code, the words it was given, its environment."""
    notes = tmp_path / "notes.json"
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text(
        "#!/usr/bin/env python3\nimport json, os, sys\n"
        f"json.dump([sys.argv[1:], dict(os.environ)], open({str(notes)!r}, 'w'))\nsys.exit(7)\n"
    )
    python.chmod(0o755)
    monkeypatch.setenv("CARILLON_VENV", str(tmp_path))

    def run_with(*words: str, environ: Mapping[str, str]) -> tuple[int, list[str], dict[str, str]]:
        state = State(folder=tmp_path, venv=tmp_path)
        code = manage.bench(state, words=words, environ=environ, console=Console(io.StringIO()))
        said, found = json.loads(notes.read_text())
        return code, said, found

    return run_with


def test_it_uses_the_servers_that_are_named_for_it_and_nothing_of_the_users_own(run: Run) -> None:
    code, words, found = run("--quick", environ={**SERVERS, **THEIRS, "PATH": "/usr/bin:/bin"})

    assert (code, words) == (7, ["manage.py", "bench", "--quick"])
    assert (found["DATABASE_URL"], found["REDIS_URL"]) == ("postgresql://x/bench", "redis://x/5")
    assert "PROVIDER_CREDENTIALS_SMTP" not in found


def test_what_it_leaves_in_temporary_folders_goes_with_the_folder_of_the_run(run: Run) -> None:
    _, _, found = run(environ={**SERVERS, "PATH": "/usr/bin:/bin"})

    assert not Path(found["TMPDIR"]).exists()


def test_its_help_starts_no_server(run: Run) -> None:
    _, words, found = run("--help", environ={"PATH": "/usr/bin:/bin"})

    assert words == ["manage.py", "bench", "--help"]
    assert "DATABASE_URL" not in found
