"""Which Carillon this is."""

import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def _version() -> str:
    """From the source tree when there is one, else from the installed package."""
    project = Path(__file__).parent.parent / "pyproject.toml"
    if project.is_file():
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return version("carillon")
    except PackageNotFoundError:
        return "0"


VERSION = _version()
