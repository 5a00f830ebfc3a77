"""JSON Schemas of people nobody has to trust: they lead nowhere, and cost no more than they may."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from templates_app.rules.schema import data_faults, defaults, schema_fault
from tests.templates_app.asking import Api, errors

MANY = list(range(20_000))
COSTLY: dict[str, tuple[dict[str, Any], Any]] = {
    "many rules for many items": ({"items": {"allOf": [{"type": "number"}] * 3000}}, MANY),
    "each item with each other": ({"uniqueItems": True}, [{"x": number} for number in MANY]),
    "a long list of values for many": ({"items": {"enum": MANY}}, MANY),
}


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A place on this machine that writes down who came."""
    asked: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("word", ["$ref", "$dynamicRef", "$recursiveRef", "$id"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_schema_leads_nowhere_else(elsewhere: tuple[str, list[str]], word: str, deep: bool) -> None:
    url, asked = elsewhere
    schema = {"properties": {"a": {word: url}}} if deep else {word: url}

    fault, _ = schema_fault(schema), list(data_faults(schema, {"a": {}}))

    assert fault == f"{word} is not offered; the schema written out would do"
    assert asked == []


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_schema_is_told_instead_of_worked_through(name: str) -> None:
    schema, value = COSTLY[name]
    began = time.process_time()

    ((_, message),) = data_faults({"properties": {"a": schema}}, {"a": value})

    assert "more work than a template may cost" in message
    assert time.process_time() - began < 10  # without the count it would be minutes


def test_a_pattern_is_not_run() -> None:
    schema = {"properties": {"a": {"pattern": "^(a+)+$"}}, "patternProperties": {"^(a+)+$": False}}

    assert list(data_faults(schema, {"a": "a" * 60 + "!"})) == []


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        pytest.param({"properties": {"a": {"enum": ["x" * 70_000]}}}, "at most", id="big"),
        pytest.param({"properties": {"a": {"pattern": "("}}}, "no JSON Schema", id="no pattern"),
        pytest.param({"type": "array"}, "type object would do", id="no object"),
    ],
)
def test_a_schema_has_its_bounds(schema: dict[str, Any], words: str) -> None:
    assert words in schema_fault(schema)


def test_a_deep_schema_is_refused_before_it_is_gone_through() -> None:
    schema: dict[str, Any] = {"default": 1}
    for _ in range(5000):
        schema = {"type": "object", "properties": {"a": schema}}

    assert schema_fault(schema) == "nested more than 50 deep"
    assert defaults(schema) == {}


@pytest.mark.django_db
def test_the_api_tells_where_the_schema_is_wrong(api: Api) -> None:
    body = {"parts": {"sms": {"body": "x"}}, "variables": {"properties": {"a": {"$dynamicRef": "http://10.0.0.1/"}}}}

    assert errors(api("PUT", "/templates/order", body)) == [("/variables", "invalid_schema")]
