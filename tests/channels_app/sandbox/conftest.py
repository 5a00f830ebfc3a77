"""A sandbox for every test, running once and cleared in between; tests of its life and death start their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.channels_app.providers.listening import hook
from tests.channels_app.sandbox.process import SandboxProcess

__all__ = ["hook"]


@pytest.fixture(scope="session")
def running_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state").start()
    yield process
    process.stop()


@pytest.fixture
def sandbox(running_sandbox: SandboxProcess) -> SandboxProcess:
    running_sandbox.clear()
    return running_sandbox


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    process = SandboxProcess(tmp_path / "state").start()
    yield process
    if process.popen is not None and process.popen.poll() is None:
        process.kill()
