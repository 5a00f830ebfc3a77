"""A tenant's words as folders that live in git, in the form `starter/folder.py` reads: written, compared, taken in.

Beside `templates/`, `layouts/` and `partials/` there is `translations/`, with one file per locale.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import rmtree
from typing import Any
from uuid import UUID

import msgspec
import yaml

from kernel import structs
from templates_app.models import Layout, Template
from templates_app.rules.diff import Entry, diff
from templates_app.rules.partials.calls import keys_in
from templates_app.rules.partials.inlay import MOST_DEEP
from templates_app.rules.partials.judging import FORMS
from templates_app.selectors import draft_of, layouts_of, live_of, templates_of, translations_of
from templates_app.services.canaries import CanaryRunning
from templates_app.services.drafts import Unfit, save_draft
from templates_app.services.partials import publish_partial, save_partial
from templates_app.services.publishing import FourEyes, publish
from templates_app.services.surroundings import save_layout, save_translation
from templates_app.shelving import draft_of_partial, live_of_partial, partials_of
from templates_app.starter.folder import BadFolder, read_layouts, read_partials, read_templates
from templates_app.values import DEFAULT, LayoutSource, PartialSource, TemplateSource

BODIES = ("mjml", "html")  # fields that are files of their own, with the `text` beside them


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs in one thing, from what is stored to what the folder says."""

    name: str  # templates/order, layouts/letter, translations/de
    entries: tuple[Entry, ...]


class Unpushable(Exception):
    """Something in the folder cannot be taken in; the message says what and why."""


def pull(tenant_id: UUID | None, root: Path) -> list[str]:
    """Write everything into `root`, in the place of what was there; returns the names of what was written.

    A template is written as it is being edited; without a draft as it is in use.
    """
    stored = _stored(tenant_id)
    for marker in ("templates/*/template.yaml", "layouts/*/layout.yaml", "partials/*/partial.yaml"):
        for path in root.glob(marker):
            rmtree(path.parent)  # ours: nothing else has such a file
    for (kind, key), said in stored.items():
        _WRITERS[kind](root / kind, key, said)
    return [f"{kind}/{key}" for kind, key in stored]


def compare(tenant_id: UUID | None, root: Path) -> list[Difference]:
    """What pushing `root` would change. What is stored and not in the folder is left alone, so it is not told."""
    stored = _stored(tenant_id)
    found = [
        Difference(f"{kind}/{key}", tuple(diff(_flat(stored.get((kind, key), {})), _flat(said))))
        for (kind, key), said in _written(root).items()
    ]
    return [one for one in found if one.entries]


def _flat(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A source with its name beside its fields, as people see it."""
    return {"name": said["name"], **said["source"]} if "source" in said else said


def push(tenant_id: UUID | None, root: Path, *, actor: str, at: datetime, publish_note: str | None = None) -> list[str]:
    """Take in what differs, what others need first: translations, then partials, layouts and templates. Partials and
    templates become drafts; with a note they are published.

    Returns the names of what was taken in. In the caller's transaction. Raises `Unpushable`, `BadFolder`, `FourEyes`.
    """
    written = _written(root)
    within = {key: _keys_of(said) for (kind, key), said in written.items() if kind == "partials"}
    changed = sorted((one.name for one in compare(tenant_id, root)), key=lambda name: _order(name, within))
    for name in changed:
        kind, _, key = name.partition("/")
        said = written[kind, key]
        saved: object
        if kind == "layouts":
            source = structs.convert(said["source"], LayoutSource)
            saved = save_layout(key, tenant_id=tenant_id, name=said["name"], source=source, actor=actor, at=at)
        elif kind == "translations":
            saved = save_translation(key, tenant_id=tenant_id, messages=said, actor=actor, at=at)
        elif kind == "partials":
            saved = _push_partial(key, said, tenant_id=tenant_id, actor=actor, at=at, publish_note=publish_note)
        else:
            saved = _push_template(key, said, tenant_id=tenant_id, actor=actor, at=at, publish_note=publish_note)
        if isinstance(saved, Unfit):
            raise Unpushable("\n".join(f"{name}{one.pointer} line {one.line}: {one.message}" for one in saved.errors))
    return changed


def _push_template(
    key: str, said: Mapping[str, Any], *, tenant_id: UUID | None, actor: str, at: datetime, publish_note: str | None
) -> object:
    source = structs.convert(said["source"], TemplateSource)
    saved = save_draft(key, tenant_id=tenant_id, name=said["name"], source=source, actor=actor, at=at)
    if isinstance(saved, Unfit) or publish_note is None:
        return saved
    try:
        return publish(key, tenant_id=tenant_id, note=publish_note, actor=actor, at=at)
    except (FourEyes, CanaryRunning) as trouble:
        raise Unpushable(str(trouble)) from trouble


def _push_partial(
    key: str, said: Mapping[str, Any], *, tenant_id: UUID | None, actor: str, at: datetime, publish_note: str | None
) -> object:
    source = structs.convert(said["source"], PartialSource)
    saved = save_partial(key, tenant_id=tenant_id, name=said["name"], source=source, actor=actor, at=at)
    if isinstance(saved, Unfit) or publish_note is None:
        return saved
    try:
        return publish_partial(key, tenant_id=tenant_id, note=publish_note, actor=actor, at=at)
    except FourEyes as trouble:
        raise Unpushable(str(trouble)) from trouble


def _order(name: str, within: Mapping[str, Collection[str]]) -> tuple[int, int, str]:
    """What others need comes first; of partials those that have none within them."""
    kind, _, key = name.partition("/")
    height = _height(key, within) if kind == "partials" else 0
    return ("translations", "partials", "layouts", "templates").index(kind), height, name


def _height(key: str, within: Mapping[str, Collection[str]], *, above: int = 0) -> int:
    """How many partials stand within each other; those in a ring are refused when they are saved."""
    if above > MOST_DEEP:
        return above
    return max((1 + _height(one, within, above=above + 1) for one in within.get(key, ())), default=0)


def _keys_of(said: Mapping[str, Any]) -> set[str]:
    return {key for form in FORMS for key in keys_in(said["source"][form])}


Things = dict[tuple[str, str], Mapping[str, Any]]  # (kind, key) → what it says


def _stored(tenant_id: UUID | None) -> Things:
    found: Things = {("layouts", row.key): _layout(row) for row in layouts_of(tenant_id).order_by("key")}
    for partial in partials_of(tenant_id).order_by("key"):
        if version := draft_of_partial(partial) or live_of_partial(partial):
            found["partials", partial.key] = {"name": partial.name, "source": version.source}
    found |= {("translations", row.locale): row.messages for row in translations_of(tenant_id).order_by("locale")}
    for template in templates_of(tenant_id).order_by("key"):
        if said := _template(template):
            found["templates", template.key] = said
    return found


def _layout(row: Layout) -> Mapping[str, Any]:
    return {"name": row.name, "source": row.source}


def _template(row: Template) -> Mapping[str, Any] | None:
    version = draft_of(row) or live_of(row)
    return {"name": row.name, "source": version.source} if version else None


def _written(root: Path) -> Things:
    found: Things = {}
    if (root / "layouts").is_dir():
        for layout in read_layouts(root):
            found["layouts", layout.key] = {"name": layout.name, "source": msgspec.to_builtins(layout.source)}
    for partial in read_partials(root):
        found["partials", partial.key] = {"name": partial.name, "source": msgspec.to_builtins(partial.source)}
    if (root / "translations").is_dir():
        found |= {("translations", path.stem): _yaml(path) for path in sorted((root / "translations").glob("*.yaml"))}
    if (root / "templates").is_dir():
        for template in read_templates(root):
            found["templates", template.key] = {"name": template.name, "source": msgspec.to_builtins(template.source)}
    return found


def _yaml(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(path.read_text())
    except yaml.YAMLError as trouble:
        raise BadFolder(f"{path.name} is no YAML: {trouble}") from None
    if not isinstance(found, dict):
        raise BadFolder(f"{path.name}: expected names and values")
    return found


def _write_layout(root: Path, key: str, said: Mapping[str, Any]) -> None:
    folder = root / key
    folder.mkdir(parents=True)
    _dump(folder / "layout.yaml", {"name": said["name"]})
    for field, text in said["source"].items():
        if text:
            (folder / f"layout.{field}").write_text(text)


def _write_partial(root: Path, key: str, said: Mapping[str, Any]) -> None:
    folder = root / key
    folder.mkdir(parents=True)
    source = said["source"]
    _dump(
        folder / "partial.yaml", {"name": said["name"], **{name: source[name] for name in source if name not in FORMS}}
    )
    for form in FORMS:
        if source[form]:
            (folder / f"partial.{form}").write_text(source[form])


def _write_translation(root: Path, locale: str, messages: Mapping[str, Any]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    _dump(root / f"{locale}.yaml", messages)


def _write_template(root: Path, key: str, said: Mapping[str, Any]) -> None:
    folder = root / key
    folder.mkdir(parents=True)
    source = dict(said["source"])
    parts, locales = source.pop("parts"), source.pop("locales")
    _dump(folder / "template.yaml", {"name": said["name"], **source})
    for locale, words in ((DEFAULT, parts), *locales.items()):
        suffix = f".{locale}" if locale else ""
        short = {channel: dict(content) for channel, content in words.items()}
        for channel, field, text in list(_bodies(words)):
            del short[channel][field]
            (folder / f"{channel}{suffix}.{field}").write_text(text)
        _dump(folder / f"words{suffix}.yaml", short)


def _bodies(words: Mapping[str, Mapping[str, Any]]) -> Iterator[tuple[str, str, str]]:
    """(channel, field, text) of what is long enough for a file of its own."""
    for channel, content in words.items():
        if any(content.get(field) for field in BODIES):
            for field in (*BODIES, "text"):
                if content.get(field):
                    yield channel, field, content[field]


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as such, and nothing sorted."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _dump(path: Path, said: Mapping[str, Any]) -> None:
    path.write_text(yaml.dump(dict(said), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=110))


_WRITERS = {
    "templates": _write_template,
    "layouts": _write_layout,
    "partials": _write_partial,
    "translations": _write_translation,
}
