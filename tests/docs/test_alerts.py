"""The alerts speak of metrics that exist, with labels that they have."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
SOURCES = ("kernel", "channels_app", "orchestrator", "config", "audience", "events")
SUFFIXES = re.compile(r"_(bucket|count|sum)$")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())["groups"]
    return list(group["rules"])


def test_every_alert_is_about_a_metric_that_exists() -> None:
    code = "".join(path.read_text() for name in SOURCES for path in (ROOT / name).rglob("*.py"))
    known = set(re.findall(r'"(carillon_[a-z_]+)"', code))

    named = {SUFFIXES.sub("", name) for rule in rules() for name in re.findall(r"carillon_[a-z_]+", rule["expr"])}

    assert named <= known


def test_every_alert_says_what_is_wrong_and_what_would_do() -> None:
    for rule in rules():
        assert rule["annotations"].keys() == {"summary", "action"}
        assert rule["labels"]["severity"] in ("page", "ticket")
