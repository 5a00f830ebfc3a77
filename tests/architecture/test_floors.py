"""Imports and foreign keys point down only, and neighbours on a floor do not know each other (DESIGN section 5)."""

import subprocess
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

ROOT = Path(__file__).parent.parent.parent
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
LAYERS = next(contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
FLOOR = {app.strip(): number for number, layer in enumerate(reversed(LAYERS)) for app in layer.split("|")}

Edge = tuple[str, str, str]  # the app that points, the app that is pointed at, and what points


def wrong(edges: Iterable[Edge]) -> list[str]:
    """What points up, or sideways out of its own app."""
    return [
        f"{what}: {source} (floor {FLOOR[source]}) → {target} (floor {FLOOR[target]})"
        for source, target, what in edges
        if source != target and FLOOR[target] >= FLOOR[source]
    ]


def test_every_app_has_its_floor_and_the_floors_are_those_of_the_design() -> None:
    floors = [
        {"kernel"},
        {"tenants"},
        {"events"},
        {"audience"},
        {"channels_app", "templates_app", "preferences"},
        {"notifications"},
        {"orchestrator"},
        {"analytics"},
        {"config"},
    ]

    assert [{app for app in FLOOR if FLOOR[app] == number} for number in range(len(floors))] == floors
    assert {app.label for app in apps.get_app_configs() if (ROOT / app.name).is_dir()} == set(FLOOR) - {"kernel"}


def test_imports_keep_to_the_floors_and_rules_stay_pure() -> None:
    linter = Path(sys.executable).parent / "lint-imports"

    ended = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    assert ended.returncode == 0, ended.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in ended.stdout


def test_relations_of_models_keep_to_the_floors() -> None:
    edges = [
        (model._meta.app_label, field.related_model._meta.app_label, f"{model.__name__}.{field.name}")
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model and model._meta.app_label in FLOOR
        if field.related_model._meta.app_label in FLOOR
    ]

    assert len(edges) > 3
    assert wrong(edges) == []


@pytest.mark.django_db
def test_foreign_keys_in_the_database_keep_to_the_floors() -> None:
    """The linter cannot see those that migrations write by hand."""
    app_of = {model._meta.db_table: model._meta.app_label for model in apps.get_models(include_auto_created=True)}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, confrelid::regclass::text, conname FROM pg_constraint "
            "WHERE contype = 'f' AND conparentid = 0"
        )
        keys = cursor.fetchall()

    edges = [
        (app_of[source], app_of[target], f"{source}.{name}")
        for source, target, name in keys
        if app_of.get(source) in FLOOR and app_of.get(target) in FLOOR
    ]
    assert len(edges) > 3
    assert wrong(edges) == []


@pytest.mark.parametrize(
    ("edge", "is_wrong"),
    [
        pytest.param(("orchestrator", "tenants", "x"), False, id="down"),
        pytest.param(("events", "events", "x"), False, id="at home"),
        pytest.param(("tenants", "events", "x"), True, id="up"),
        pytest.param(("preferences", "templates_app", "x"), True, id="sideways"),
    ],
)
def test_the_judge_of_directions_can_tell(edge: Edge, is_wrong: bool) -> None:
    assert bool(wrong([edge])) is is_wrong
