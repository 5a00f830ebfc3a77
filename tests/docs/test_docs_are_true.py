"""What the README and docs say is so: files they link to exist, commands they name are there, tables are up to date."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands

ROOT = Path(__file__).parents[2]
TO_BE_WRITTEN = {"channels_app/providers/folder.py"}  # by the reader of docs/adding-a-channel.md
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text())

    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]

    assert missing == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_in_a_page_exists(page: Path) -> None:
    named = set(re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", page.read_text())) - TO_BE_WRITTEN

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_configuration_table_is_the_one_that_the_command_prints() -> None:
    printed = io.StringIO()
    call_command("environment", stdout=printed)

    assert printed.getvalue().strip() in (ROOT / "docs/configuration.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_management_command_in_a_page_is_there(page: Path) -> None:
    named = set(re.findall(r"(?:\./carillon manage|manage\.py) ([a-z_]+)", page.read_text()))

    assert named - set(get_commands()) == set()


def test_every_launcher_command_in_the_readme_is_in_its_help() -> None:
    help_text = subprocess.run(
        [sys.executable, str(ROOT / "carillon")], capture_output=True, text=True, check=False
    ).stdout
    named = set(re.findall(r"\./carillon ([a-z]+)", (ROOT / "README.md").read_text()))

    assert {name for name in named if name not in help_text} == set()
