"""Reads templates, layouts and partials from folders that live in git, one file per subject and language.

`template.yaml` has the name, the layout, the variables and the example data. `words.yaml` has the parts in the first
language, `words.de.yaml` those in German. A longer body is a file of its own, named by its channel, its language and
its field: `email.mjml`, `email.de.mjml`, `email.de.text`. `partial.yaml` has the name, the parameters and the example
data of a partial, beside `partial.mjml`, `partial.html` and `partial.text`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import yaml

from kernel import structs
from templates_app.rules.partials.inlay import Shelf, Shelved
from templates_app.values import DEFAULT, LayoutSource, PartialSource, Parts, TemplateSource

HERE = Path(__file__).parent


class BadFolder(Exception):
    """A folder cannot be read; the message names the file and says what would do."""


class WrittenTemplate(msgspec.Struct, frozen=True, kw_only=True):
    """A template as its folder says it. `key` is the name of the folder."""

    key: str
    name: str
    source: TemplateSource


class WrittenLayout(msgspec.Struct, frozen=True, kw_only=True):
    """A layout as its folder says it."""

    key: str
    name: str
    source: LayoutSource


class WrittenPartial(msgspec.Struct, frozen=True, kw_only=True):
    """A partial as its folder says it."""

    key: str
    name: str
    source: PartialSource


def read_partials(root: Path = HERE) -> Iterator[WrittenPartial]:
    """Every partial below `root/partials`, by key; none where there is no such folder. Raises `BadFolder`."""
    for folder in _folders(root / "partials") if (root / "partials").is_dir() else ():
        head = _yaml(folder / "partial.yaml")
        name = head.pop("name", folder.name)
        bodies = {path.suffix[1:]: path.read_text() for path in folder.glob("partial.*") if path.suffix != ".yaml"}
        try:
            source = structs.convert({**head, **bodies}, PartialSource)
        except msgspec.ValidationError as trouble:
            raise BadFolder(f"{folder.name}: {trouble}; partial.mjml, partial.html and partial.text would do") from None
        yield WrittenPartial(key=folder.name, name=name, source=source)


def read_shelf(root: Path = HERE) -> Shelf:
    """The partials below `root` as templates of the same folder get them. Raises `BadFolder`."""
    return Shelf({one.key: Shelved(UUID(int=0), 1, one.source) for one in read_partials(root)})


def read_layouts(root: Path = HERE) -> Iterator[WrittenLayout]:
    """Every layout below `root/layouts`, by key. Raises `BadFolder`."""
    for folder in _folders(root / "layouts"):
        head = _yaml(folder / "layout.yaml")
        bodies = {path.suffix[1:]: path.read_text() for path in folder.glob("layout.*") if path.suffix != ".yaml"}
        try:
            source = structs.convert(bodies, LayoutSource)
        except msgspec.ValidationError as trouble:
            raise BadFolder(f"{folder.name}: {trouble}; layout.mjml, layout.html and layout.text would do") from None
        yield WrittenLayout(key=folder.name, name=head.get("name", folder.name), source=source)


def read_templates(root: Path = HERE) -> Iterator[WrittenTemplate]:
    """Every template below `root/templates`, by key. Raises `BadFolder`."""
    for folder in _folders(root / "templates"):
        head = _yaml(folder / "template.yaml")
        name = head.pop("name", folder.name)
        parts = _words(folder)
        default = parts.pop(DEFAULT, {})
        try:
            source = structs.convert({**head, "parts": default, "locales": parts}, TemplateSource)
        except msgspec.ValidationError as trouble:
            raise BadFolder(f"{folder.name}/template.yaml: {trouble}") from None
        yield WrittenTemplate(key=folder.name, name=name, source=source)


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("_"))


def _words(folder: Path) -> dict[str, Parts]:
    """Locale → parts, with the bodies that have files of their own put into their channels."""
    found: dict[str, Parts] = {}
    for path in sorted(folder.glob("words*.yaml")):
        found[path.stem.removeprefix("words").lstrip(".")] = _yaml(path)
    for path in sorted(folder.iterdir()):
        channel, *locale, field = path.name.split(".")
        if field == "yaml":
            continue
        parts = found.get(".".join(locale))
        if parts is None or channel not in parts:
            raise BadFolder(
                f"{folder.name}/{path.name} has no '{channel}' in a words file of its language to belong to"
            )
        parts[channel][field] = path.read_text()
    return found


def _yaml(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text())
    except FileNotFoundError:
        raise BadFolder(f"{path.parent.name} has no {path.name}; every folder has one") from None
    except yaml.YAMLError as trouble:
        raise BadFolder(f"{path.parent.name}/{path.name} is no YAML: {trouble}") from None
    if not isinstance(found, dict):
        raise BadFolder(f"{path.parent.name}/{path.name}: expected names and values")
    return found
