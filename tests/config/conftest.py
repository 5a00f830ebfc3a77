"""Starting our own commands as an operator does: in a process of their own, with an environment of their own."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent.parent
PRODUCTION = {
    "DATABASE_URL": "postgresql://carillon:pw@db.internal:5432/carillon",
    "REDIS_URL": "redis://cache.internal:6379/0",
    "SECRET_KEY": "0123456789-abcdefghijklmnopqrstuvwxyz-0123456789-ABCDEF",
    "PUBLIC_URL": "https://bells.example.org",
}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run Python with these words and only this environment; what is not given has a value fit for production."""

    def running(*words: str, unset: tuple[str, ...] = (), **env: str) -> subprocess.CompletedProcess[str]:
        environ = {name: value for name, value in (PRODUCTION | env).items() if name not in unset}
        environ |= {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
        return subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False
        )

    return running


@pytest.fixture
def settings_in(run: Run) -> Callable[..., Mapping[str, Any]]:
    """The settings that a process of a kind has, by their names, as JSON shows them."""

    def reading(process: str, *, unset: tuple[str, ...] = (), **env: str) -> Mapping[str, Any]:
        ended = run("-c", READ, unset=unset, CARILLON_PROCESS=process, **env)
        assert ended.returncode == 0, ended.stderr
        found: Mapping[str, Any] = json.loads(ended.stdout)
        return found

    return reading


READ = """
import json
from config import settings
print(json.dumps({name: getattr(settings, name) for name in dir(settings) if name.isupper()}, default=repr))
"""
