"""Files to begin a channel or a provider with, and what puts the names into them."""

import re
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_KEY = re.compile(r"[a-z][a-z0-9_]{1,31}")


class CannotBegin(ValueError):
    """The files cannot be written; the message says what would do."""


def begin(key: str, *, title: str, files: Mapping[str, str], words: Mapping[str, str]) -> list[Path]:
    """Write the skeletons named by `files` (name of a skeleton → path) for `key`; returns what was written.

    Writes all or nothing. Raises CannotBegin.
    """
    if not _KEY.fullmatch(key):
        raise CannotBegin(f"'{key}' cannot be a key; 2 to 32 of a-z 0-9 _ beginning with a letter would do")
    if not title.isprintable() or set(title) & set('"\\{}'):
        raise CannotBegin("the title stands in source code; one line without quotes, backslashes and braces would do")
    paths = {name: ROOT / path for name, path in files.items()}
    if taken := [path for path in paths.values() if path.exists()]:
        raise CannotBegin(f"{taken[0].relative_to(ROOT)} is there already; another key would do")
    name = "".join(part.capitalize() for part in key.split("_"))
    every = {"__KEY__": key, "__TITLE__": title, "__CLASS__": name, **words}
    for skeleton, path in paths.items():
        text = (Path(__file__).parent / f"{skeleton}.txt").read_text()
        for word, value in every.items():
            text = text.replace(word, value)
        path.write_text(text)
    return list(paths.values())
