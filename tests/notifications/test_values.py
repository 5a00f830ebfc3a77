"""The shape of a request's content does not depend on who imports what first."""

import subprocess
import sys
from pathlib import Path

from channels_app.registry import channels
from notifications.values import Content

ROOT = Path(__file__).parents[2]


def test_content_has_a_part_for_every_channel() -> None:
    assert Content.__struct_fields__ == channels.keys()


def test_it_has_them_even_when_it_is_imported_before_anything_else() -> None:
    words = "from notifications.values import Content; print(*Content.__struct_fields__)"

    said = subprocess.run([sys.executable, "-c", words], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert tuple(said.split()) == channels.keys()
