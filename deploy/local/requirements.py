"""Do the locks agree with pyproject.toml? Run inside the virtual environment (`packaging` is one of its packages).

Every dependency must stand in both files at a version that satisfies it, every pin must carry hashes, and the runtime
set must be part of the development set. No network.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable, Mapping

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.local.paths import REPO

Pins = Mapping[str, tuple[Requirement, ...]]  # by canonical name; several where a marker decides between versions
AGAIN = (
    "uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header pyproject.toml"
)


def main() -> int:
    """Print every disagreement; 1 when there is one."""
    declared = tomllib.loads((REPO / "pyproject.toml").read_text())
    runtime, development = REPO / "requirements.txt", REPO / "requirements-dev.txt"
    found = disagreements(
        dependencies=declared["project"]["dependencies"],
        tools=declared["dependency-groups"]["dev"],
        runtime=runtime.read_text(),
        development=development.read_text(),
    )
    for line in found:
        print(line)
    if found:
        print(f"\nlock again:\n  {AGAIN} -o {runtime.name}\n  {AGAIN} --group dev -o {development.name}")
        return 1
    print("requirements.txt and requirements-dev.txt agree with pyproject.toml")
    return 0


def disagreements(*, dependencies: Iterable[str], tools: Iterable[str], runtime: str, development: str) -> list[str]:
    """What is wrong, one sentence each; empty when all is well. `runtime`, `development`: the texts of the locks."""
    pins, all_pins = pins_of(runtime), pins_of(development)
    wrong = [f"requirements.txt: {name} has no hash" for name in without_hash(runtime)]
    wrong += [f"requirements-dev.txt: {name} has no hash" for name in without_hash(development)]
    for line in dependencies:
        wrong += _judge(Requirement(line), pins=pins, where="requirements.txt")
    for line in (*dependencies, *tools):
        wrong += _judge(Requirement(line), pins=all_pins, where="requirements-dev.txt")
    for name, pinned in pins.items():
        if _versions(pinned) != _versions(all_pins.get(name, ())):
            wrong.append(f"{name} differs between requirements.txt and requirements-dev.txt")
    return wrong


def pins_of(text: str) -> Pins:
    """The pins of a lock."""
    pins: dict[str, tuple[Requirement, ...]] = {}
    for block in _blocks(text):
        pin = Requirement(block.split("--hash", 1)[0].strip())
        pins[canonicalize_name(pin.name)] = (*pins.get(canonicalize_name(pin.name), ()), pin)
    return pins


def without_hash(text: str) -> list[str]:
    """Names whose download nobody would check."""
    return [block.split("==")[0] for block in _blocks(text) if "--hash=sha256:" not in block]


def _blocks(text: str) -> list[str]:
    """One logical line per package: continued lines joined, comments gone."""
    lines = (re.sub(r"(^|\s)#.*", "", line) for line in text.replace("\\\n", " ").splitlines())
    return [line.strip() for line in lines if line.strip()]


def _judge(wanted: Requirement, *, pins: Pins, where: str) -> list[str]:
    pinned = pins.get(canonicalize_name(wanted.name), ())
    if not pinned:
        return [f"{where}: {wanted.name} of pyproject.toml is missing"]
    return [
        f"{where}: {wanted.name}=={version} does not satisfy {wanted.specifier}"
        for version in sorted(_versions(pinned))
        if not wanted.specifier.contains(version, prereleases=True)
    ]


def _versions(pinned: Iterable[Requirement]) -> frozenset[str]:
    return frozenset(specifier.version for pin in pinned for specifier in pin.specifier)


if __name__ == "__main__":
    sys.exit(main())
