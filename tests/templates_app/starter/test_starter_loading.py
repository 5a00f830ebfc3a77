"""The starter set becomes the platform's defaults, once."""

import shutil
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
import yaml

from templates_app.models import Layout, Template, TemplateVersion
from templates_app.selectors import PLATFORM, offers, template_of, versions_of
from templates_app.services.publishing import roll_back
from templates_app.starter.folder import HERE, BadFolder, read_templates
from templates_app.starter.loading import Loaded, Unloadable, load_starter_set
from tenants.scope import platform_scope, tenant_scope

KEYS = sorted(path.name for path in (HERE / "templates").iterdir())


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the set to write in."""
    for name in ("layouts", "partials", "templates"):
        shutil.copytree(HERE / name, tmp_path / name)
    return tmp_path


def load(at: datetime, root: Path = HERE) -> Loaded:
    with platform_scope():
        return load_starter_set(at=at, root=root)


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))


def test_everybody_is_offered_the_set(tenant_id: UUID, at: datetime) -> None:
    loaded = load(at)

    assert loaded == Loaded(("letter",), tuple(KEYS), len(KEYS) + 2, ("button",))
    with tenant_scope(tenant_id):
        found = offers([(tenant_id, key) for key in KEYS])
    assert sorted(key for _, key in found) == KEYS


def test_loading_twice_changes_nothing(db: None, at: datetime) -> None:
    load(at)
    with platform_scope():
        before = list(TemplateVersion.objects.order_by("id").values()), list(Layout.objects.values())

    assert load(at) == Loaded((), (), len(KEYS) + 2)

    with platform_scope():
        assert (list(TemplateVersion.objects.order_by("id").values()), list(Layout.objects.values())) == before


def test_changed_words_become_a_new_version_with_a_note(db: None, at: datetime, root: Path) -> None:
    load(at, root)
    change(root / "templates/welcome/words.de.yaml", "Willkommen", "Guten Tag")

    assert load(at, root).templates == ("welcome",)

    with platform_scope():
        rows = versions_of(template_of(PLATFORM, "welcome") or Template()).order_by("number")
        assert [(row.number, row.note) for row in rows] == [
            (1, "The starter set's first words"),
            (2, "The starter set's words have changed"),
        ]


def test_a_changed_layout_reaches_every_template(db: None, at: datetime, root: Path) -> None:
    load(at, root)
    change(root / "layouts/letter/layout.mjml", "#f4f1ec", "#f4f1ed")

    assert load(at, root) == Loaded(("letter",), tuple(KEYS), len(KEYS) + 2)


def test_a_changed_partial_reaches_every_template(db: None, at: datetime, root: Path) -> None:
    load(at, root)
    change(root / "partials/button/partial.mjml", 'css-class="button"', 'css-class="button wide"')

    assert load(at, root) == Loaded((), tuple(KEYS), len(KEYS) + 2, ("button",))
    assert load(at, root) == Loaded((), (), len(KEYS) + 2)


def test_what_an_operator_rolled_back_stays_so(db: None, at: datetime, root: Path) -> None:
    load(at, root)
    change(root / "templates/welcome/words.yaml", "Welcome", "Hello")
    load(at, root)
    with platform_scope():
        roll_back("welcome", tenant_id=PLATFORM, number=1, note="too short", actor="ops", at=at)

    assert load(at, root).templates == ()


def test_a_template_that_cannot_be_published_keeps_all_out(db: None, at: datetime, root: Path) -> None:
    change(root / "templates/welcome/words.yaml", "first_name", "frist_name")

    with pytest.raises(Unloadable, match="did you mean 'first_name'"):
        load(at, root)

    with platform_scope():
        assert Template.objects.count() == 0


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        pytest.param("template.yaml", "a: [", "welcome/template.yaml is no YAML", id="no YAML"),
        pytest.param("template.yaml", yaml.dump({"colour": 1}), "unknown field `colour`", id="unknown field"),
        pytest.param("email.it.mjml", "x", "email.it.mjml has no 'email' in a words file", id="a body of no language"),
    ],
)
def test_a_folder_that_cannot_be_read_says_why(root: Path, path: str, text: str, words: str) -> None:
    (root / "templates/welcome" / path).write_text(text)

    with pytest.raises(BadFolder, match=words):
        list(read_templates(root))
