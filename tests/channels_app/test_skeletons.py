"""What `startprovider` and `startchannel` write is complete: it passes the contract tests as it is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from channels_app.skeletons import CannotBegin, begin

REPO = Path(__file__).parents[2]
SKIPPED = shutil.ignore_patterns(".git", ".carillon", ".*_cache", "docs", "faults", "flows", "browser")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which files may be written."""
    folder = tmp_path_factory.mktemp("copy") / "project"
    shutil.copytree(REPO, folder, ignore=SKIPPED)
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.testing"}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def test_a_new_provider_passes_the_contract_and_the_linters(copy: Path) -> None:
    started = run(copy, "-m", "django", "startprovider", "pigeon", "--channel", "sms", "--title", "Pigeon Post")
    tests = run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/channels_app/test_contract.py", "-k", "pigeon"
    )
    written = [line.removeprefix("wrote ") for line in started.stdout.splitlines() if line.startswith("wrote ")]
    lint = run(copy, "-m", "ruff", "check", *written)
    layout = run(copy, "-m", "ruff", "format", "--check", *written)

    assert started.returncode == 0, started.stderr
    assert len(written) == 3
    assert tests.returncode == 0, tests.stdout
    assert " passed" in tests.stdout
    assert (lint.returncode, layout.returncode) == (0, 0), lint.stdout + layout.stdout


def test_a_new_channel_is_complete_but_for_a_content_to_test_with(copy: Path) -> None:
    started = run(copy, "-m", "django", "startchannel", "letter", "--address-kind", "url")
    messages = copy / "tests/channels_app/messages.py"
    messages.write_text(messages.read_text().replace('"chat": {', '"letter": {"text": "Hello"},\n    "chat": {', 1))
    tests = run(
        copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/channels_app/test_contract.py", "-k", "letter"
    )
    lint = run(copy, "-m", "ruff", "check", "channels_app/channels/letter.py")

    assert started.returncode == 0, started.stderr
    assert tests.returncode == 0, tests.stdout
    assert (lint.returncode, lint.stdout) == (0, "All checks passed!\n")


@pytest.mark.parametrize(
    ("key", "title", "said"),
    [
        ("Pigeon", "Pigeon", "cannot be a key"),
        ("../smtp", "Smtp", "cannot be a key"),
        ("pigeon", 'x"""\nimport os', "stands in source code"),
        ("smtp", "Smtp", "is there already"),
    ],
)
def test_what_cannot_be_begun_writes_nothing(key: str, title: str, said: str) -> None:
    files = {"provider": f"channels_app/providers/{key}.py", "world": f"tests/channels_app/worlds/{key}_new.py"}

    with pytest.raises(CannotBegin, match=said):
        begin(key, title=title, files=files, words={})

    assert not (REPO / files["world"]).exists()
