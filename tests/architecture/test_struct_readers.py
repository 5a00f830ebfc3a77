"""Nothing but `kernel.structs` lets msgspec meet a type: threads that did so at once would end the process."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FOLDERS = "analytics audience channels_app config events kernel notifications orchestrator preferences templates_app"
MAY = {"kernel/structs.py", "tenants/api/vocabulary.py"}  # the latter: only strings, times and bytes, no Struct
MEET = {"msgspec.convert", "msgspec.json.Decoder", "msgspec.msgpack.Decoder", "msgspec.yaml.decode"}
MEET_WITH_TYPE = {"msgspec.json.decode", "msgspec.msgpack.decode"}


def meetings(source: str) -> Iterator[int]:
    """The lines where msgspec is given a type to read."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("msgspec"):
            if {name.name for name in node.names} & {"convert", "Decoder", "decode", "json", "msgpack"}:
                yield node.lineno
        elif isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            typed = any(word.arg == "type" for word in node.keywords)
            if called in MEET or (called in MEET_WITH_TYPE and typed):
                yield node.lineno


def test_only_one_module_reads_into_structs() -> None:
    files = [path for folder in [*FOLDERS.split(), "tenants"] for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)): list(meetings(path.read_text())) for path in files}

    assert len(files) > 500
    assert {name for name, lines in found.items() if lines} == MAY


def test_every_way_in_is_seen() -> None:
    ways = """
msgspec.convert(a, B)
msgspec.json.decode(a, type=B)
msgspec.msgpack.Decoder(B)
from msgspec import convert
from msgspec.json import decode
"""
    assert sorted(meetings(ways)) == [2, 3, 4, 5, 6]
    assert list(meetings("msgspec.json.decode(a)\nfrom msgspec import Struct")) == []
