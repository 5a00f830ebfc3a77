"""Starter templates filled in as a test wants them, and the golden files they are compared with.

UPDATE_GOLDENS=1 writes the files anew; look at the difference in git before you keep it.
"""

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from templates_app.catalogue import shapes
from templates_app.rules.lint import lint
from templates_app.rules.making import Made, make
from templates_app.services.examples import Example, fill_in_examples
from templates_app.starter.folder import WrittenTemplate, read_layouts, read_shelf, read_templates
from templates_app.values import Finding, LayoutSource, RenderError

GOLDEN = Path(__file__).parent / "golden"
AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FIRST = "en"  # what the words without a locale are written in
BRAND = {
    "name": "Harbour Teas",
    "postal_address": "12 Quay Street, Galway, Ireland",
    "support_email": "hello@shop.example",
}
TEMPLATES: Mapping[str, WrittenTemplate] = {one.key: one for one in read_templates()}
LAYOUTS: Mapping[str, LayoutSource] = {one.key: one.source for one in read_layouts()}
SHELF = read_shelf()


def made(key: str) -> Made:
    """A template made ready, as publishing does it."""
    source = TEMPLATES[key].source
    layout = LAYOUTS[source.layout]
    return make(source, shapes=shapes(), layout=layout, catalogue={}, default_locale="", shelf=SHELF)


def findings(key: str) -> list[Finding]:
    """Everything that is said of it."""
    ready = made(key)
    return [*ready.findings, *lint(ready)]


def filled(
    key: str, *, data: Mapping[str, Any] | None = None, brand: Mapping[str, Any] = BRAND
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(locale, channel, content) of every part. An error to fill one in fails the test."""
    example_data = TEMPLATES[key].source.example_data
    for example in fill_in_examples(made(key), data=example_data if data is None else data, brand=brand, at=AT):
        yield example.locale or FIRST, example.piece.channel, _content(key, example)


def _content(key: str, example: Example) -> dict[str, Any]:
    said = example.content
    assert not isinstance(said, RenderError), f"{key} {example.piece.pointer}: {said}"
    content: dict[str, Any] = msgspec.to_builtins(said)
    return content


def compare(path: Path, text: str) -> None:
    """The golden file says the same; with UPDATE_GOLDENS it does from now on."""
    if os.environ.get("UPDATE_GOLDENS"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"no {path.name}; UPDATE_GOLDENS=1 writes it"
    assert text == path.read_text()


def as_yaml(parts: Mapping[str, Any]) -> str:
    """Readable, the same for the same parts."""
    return yaml.dump(dict(parts), Dumper=_Blocks, allow_unicode=True, sort_keys=True, width=10**6)


class _Blocks(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _text)
