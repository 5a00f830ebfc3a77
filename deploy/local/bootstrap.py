"""From a bare Python to the virtual environment that the locked requirements describe; quick when it already stands."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from deploy.local.console import Console
from deploy.local.locks import locked
from deploy.local.paths import REPO, State, read_json

RUNTIME = REPO / "requirements.txt"
DEVELOPMENT = REPO / "requirements-dev.txt"  # a superset of the runtime set, at the same versions


class InstallFailed(Exception):
    """The dependencies could not be installed; the message says what would do."""


def install(state: State, *, development: bool, console: Console) -> None:
    """Make `state.venv` hold the locked requirements (with the development tools when asked). Raises InstallFailed.

    A stamp with the hashes of what is installed lets the next run skip all of it, without network. It is removed before
    anything changes and written at the very end, so an interrupted installation is done again.
    """
    if os.environ.get("CARILLON_VENV"):
        if not state.python.exists():
            raise InstallFailed(f"CARILLON_VENV={state.venv} has no bin/python; unset it to have one made")
        return
    if _stands(state, development=development):
        return
    waiting = "another ./carillon is installing; waiting for it"
    with locked(state.install_lock, waiting=waiting, say=console.step):
        if not _stands(state, development=development):
            _install(state, development=development, console=console)


def _install(state: State, *, development: bool, console: Console) -> None:
    requirements, began = (DEVELOPMENT if development else RUNTIME), time.monotonic()
    wanted = {"runtime": _hash_of(RUNTIME)} | ({"development": _hash_of(DEVELOPMENT)} if development else {})
    _stamp(state).unlink(missing_ok=True)
    if not _works(state):
        console.step(f"creating a virtual environment in {state.venv} (Python {sys.version.split()[0]})")
        _create(state)
    console.step(f"installing {requirements.name}, every package checked against its hash")
    _sync(state, requirements=requirements, console=console)
    _stamp(state).write_text(json.dumps(wanted))
    console.step(f"dependencies are ready ({time.monotonic() - began:.1f} s)")


def _stands(state: State, *, development: bool) -> bool:
    """Whether everything wanted is installed and the interpreter it was installed for is still there."""
    stamp = read_json(_stamp(state))
    return (
        state.python.exists()
        and stamp.get("runtime") == _hash_of(RUNTIME)
        and (not development or stamp.get("development") == _hash_of(DEVELOPMENT))
    )


def _works(state: State) -> bool:
    """Whether the virtual environment is whole enough to install into."""
    if not state.python.exists():
        return False
    asked = subprocess.run([state.python, "-m", "pip", "--version"], capture_output=True, check=False)
    return asked.returncode == 0


def _create(state: State) -> None:
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        raise InstallFailed("this Python cannot make virtual environments (no ensurepip): apt install python3-venv")
    shutil.rmtree(state.venv, ignore_errors=True)
    made = subprocess.run([sys.executable, "-m", "venv", str(state.venv)], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        said = made.stdout + made.stderr
        raise InstallFailed(f"python -m venv failed; apt install python3-venv may be what is missing:\n{said}")


def _sync(state: State, *, requirements: Path, console: Console) -> None:
    """Install by uv, which takes seconds; by pip where uv cannot be had."""
    env = _environment(state)
    uv = state.venv / "bin" / "uv"
    if not uv.exists() and not _run([str(state.python), "-m", "pip", "install", "--quiet", "uv"], env=env):
        console.step("uv is not to be had here; going on with pip, which takes a little longer")
    detail = [] if sys.stdout.isatty() else ["--quiet"]  # bars are for eyes; a log needs no list of all packages
    # Compiled once here, or else by every process at every start.
    sync = [str(uv), "pip", "sync", *detail, "--compile-bytecode", "--require-hashes", str(requirements)]
    if uv.exists() and _run(sync, env=env):
        return
    if not _run([str(state.python), "-m", "pip", "install", "--require-hashes", "-r", str(requirements)], env=env):
        raise InstallFailed(
            "the dependencies could not be installed (see above). Is the network there, and does pip work? "
            "Behind a mirror set PIP_INDEX_URL and UV_DEFAULT_INDEX; then run the same command again"
        )


def _environment(state: State) -> dict[str, str]:
    env = {**os.environ, "VIRTUAL_ENV": str(state.venv), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    home = Path(env.get("HOME", "/nonexistent"))
    if not os.access(home, os.W_OK):  # a user without a home has no place for caches
        env |= {"UV_NO_CACHE": "1", "PIP_NO_CACHE_DIR": "1"}
    return env


def _run(command: Sequence[str], *, env: Mapping[str, str]) -> bool:
    """Run with the output shown as it comes, since this is the part that takes a while."""
    return subprocess.run(command, env=dict(env), check=False).returncode == 0


def _stamp(state: State) -> Path:
    return state.venv / ".carillon-installed"


def _hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
