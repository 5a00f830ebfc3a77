"""Installing: once, again when the lock changes, and again after an interruption. uv and pip are stand-ins here."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local import bootstrap
from deploy.local.bootstrap import InstallFailed, install
from deploy.local.console import Console
from deploy.local.paths import State

STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> '{calls}'
test ! -e '{fail}.'"$(basename "$0")"
"""


class Installation:
    """A virtual environment whose programs only note how they were called; `break_(name)` makes one fail."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder=folder, venv=folder / "venv")
        self.runtime, self.development = folder / "requirements.txt", folder / "requirements-dev.txt"
        self.runtime.write_text("bell==1\n")
        self.development.write_text("bell==1\nhammer==1\n")
        self._calls, self._fail = folder / "calls", folder / "fail"
        (self.state.venv / "bin").mkdir(parents=True)
        for name in ("python", "uv"):
            program = self.state.venv / "bin" / name
            program.write_text(STAND_IN.format(calls=self._calls, fail=self._fail))
            program.chmod(0o755)

    def break_(self, name: str) -> None:
        self._fail.with_name(f"fail.{name}").touch()

    def mend(self, name: str) -> None:
        self._fail.with_name(f"fail.{name}").unlink()

    def install(self, *, development: bool = False) -> list[str]:
        """Install, and give the installing calls it took."""
        self._calls.write_text("")
        install(self.state, development=development, console=Console(io.StringIO()))
        return [call for call in self._calls.read_text().splitlines() if "--version" not in call]


def synced(requirements: Path) -> str:
    """The call that installs a lock."""
    return f"uv pip sync --quiet --compile-bytecode --require-hashes {requirements}"


@pytest.fixture
def installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    made = Installation(tmp_path)
    monkeypatch.setattr(bootstrap, "RUNTIME", made.runtime)
    monkeypatch.setattr(bootstrap, "DEVELOPMENT", made.development)
    monkeypatch.delenv("CARILLON_VENV", raising=False)
    return made


def test_the_lock_is_installed_with_its_hashes_checked(installation: Installation) -> None:
    assert installation.install() == [synced(installation.runtime)]


def test_what_stands_is_not_installed_again(installation: Installation) -> None:
    installation.install()

    assert installation.install() == []


def test_a_changed_lock_is_installed(installation: Installation) -> None:
    installation.install()
    installation.runtime.write_text("bell==2\n")

    assert installation.install() == [synced(installation.runtime)]


def test_development_tools_are_added_once_and_up_keeps_them(installation: Installation) -> None:
    installation.install()

    added = installation.install(development=True)

    assert added == [synced(installation.development)]
    assert installation.install(development=True) == []
    assert installation.install() == []


def test_pip_installs_where_uv_cannot(installation: Installation) -> None:
    installation.break_("uv")

    assert installation.install()[-1] == f"python -m pip install --require-hashes -r {installation.runtime}"


def test_an_interrupted_installation_is_done_again(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.install()
    installation.runtime.write_text("bell==2\n")
    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "_sync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            installation.install()
    installation.runtime.write_text("bell==1\n")  # the lock of the first installation, which is no longer whole

    assert installation.install() == [synced(installation.runtime)]


def test_without_uv_and_pip_it_says_what_would_do(installation: Installation) -> None:
    installation.install()
    installation.runtime.write_text("bell==2\n")
    installation.break_("uv")
    python = installation.state.venv / "bin" / "python"
    python.write_text('#!/bin/sh\ncase "$*" in *--version*) ;; *) exit 1;; esac\n')

    with pytest.raises(InstallFailed, match="Behind a mirror set PIP_INDEX_URL"):
        installation.install()


def test_a_python_without_ensurepip_names_the_package(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.break_("python")
    monkeypatch.setattr(bootstrap, "find_spec", without("ensurepip"))

    with pytest.raises(InstallFailed, match=r"apt install python3-venv$"):
        installation.install()


def test_a_named_environment_is_taken_as_it_is(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARILLON_VENV", str(installation.state.venv))

    assert installation.install() == []


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def without(missing: str) -> Callable[[str], object]:
    return lambda name: None if name == missing else object()
