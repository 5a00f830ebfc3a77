"""What a client sends and what we make of it."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from tenants_speaking import Api, problem

from tenants.api import bodies
from tenants.api.bodies import judge
from tenants.api.problems import FieldError
from tenants.api.strictness import MAX_DEPTH
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.urls("small_routes")]


@pytest.fixture
def post(acme: Tenant, api_of: Callable[..., Api]) -> Callable[..., Any]:
    """POST a body to a small route."""
    api = api_of(acme, "send")
    return lambda body, path="/small/things", **headers: api("POST", path, body, **headers)


def nested(depth: int) -> bytes:
    """An object `depth` deep."""
    inner = depth - 2
    return b'{"data":{"a":' + b"[" * inner + b"1" + b"]" * inner + b"}}"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "it is empty"),
        (b"{", "input data was truncated"),
        (b'{"name": "a",}', "trailing comma in object at line 1, column 14"),
        (b'{\n  "name": tru\n}', "invalid character at line 3, column 1"),
        (b'{"name": "\xff"}', "not UTF-8"),
        (b'\xef\xbb\xbf{"name": "a"}', "invalid character at line 1, column 1"),
        (b'{"name": "a"} {}', "trailing characters at line 1, column 16"),
        (b'{"data": {"x": NaN}}', "invalid character at line 1, column 16"),
        (b'{"data": {"x": 1e999}}', "number out of range"),
        (b'{"data": {"x": ' + b"9" * 5000 + b"}}", "integer value out of range"),
        (b'{"name": "a", "name": "b"}', "the key 'name' is given twice in one object"),
        (b'{"data": {"x": {"y": 1, "y": 1}}}', "the key 'y' is given twice in one object"),
        (b'{"data": {"x": 1, "\\u0078": 2}}', "the key 'x' is given twice in one object"),
        (b'{"name": "a\\u0000"}', "the character U+0000 cannot be stored"),
        (b'{"data": {"a\\u0000": 1}}', "the character U+0000 cannot be stored"),
        (nested(MAX_DEPTH + 1), "nested more than 64 deep"),
        (b"[" * 100_000 + b"]" * 100_000, "nested more than 64 deep"),
        (b'{"data": {"x": "\\ud800"}}', "input data was truncated"),
    ],
)
def test_what_is_no_json_of_ours_is_a_400_that_says_why(post: Callable[..., Any], body: bytes, told: str) -> None:
    answer = post(body)

    said = problem(answer)
    assert (answer.status_code, said["code"]) == (400, "malformed_json")
    assert [(error["pointer"], error["code"]) for error in said["errors"]] == [("", "invalid_json")]
    assert said["errors"][0]["message"].startswith(told)


@pytest.mark.parametrize(
    "body",
    [
        nested(MAX_DEPTH),
        b'{"data": {"brackets": "' + b"[{" * 200 + b'"}}',
        b'{"data": {"escaped": "\\"' + b"[" * 100 + b'\\\\"}}',
        b'{"data": {"many": [' + b",".join([b"[]"] * 500) + b"]}}",
        b'{"data": {"ends in a backslash": "\\\\", "b": "' + b"[" * 100 + b'"}}',
        b'{"data": {"looks like it": "\\\\u0000"}}',
        b'{"data": {"a": {"same": 1}, "b": {"same": 1}}}',
        '{"name": "žluť"}'.encode(),
    ],
)
def test_what_only_looks_suspicious_is_taken(post: Callable[..., Any], body: bytes) -> None:
    answer = post(body)

    assert answer.status_code == 202, answer.content
    assert json.loads(answer.content)["data"] == json.loads(body).get("data", {})


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ('Application/JSON;charset="UTF-8"', True),
        ("application/cloudevents+json", True),
        ("application/json; charset=latin-1", False),
        ("text/json", False),
        ("text/plain", False),
        ("application/x-www-form-urlencoded", False),
        ("multipart/form-data; boundary=x", False),
        ("", False),
    ],
)
def test_json_alone_is_taken(post: Callable[..., Any], content_type: str, taken: bool) -> None:
    answer = post(b"{}", **{"Content-Type": content_type})

    assert answer.status_code == (202 if taken else 415)
    if not taken:
        assert problem(answer)["code"] == "unsupported_media_type"


def test_a_body_is_taken_up_to_the_limit_of_the_settings(post: Callable[..., Any], settings: Any) -> None:
    settings.API_MAX_BODY_BYTES = 20

    assert post(b'{"name":"aaaa"}     ').status_code == 202
    answer = post(b'{"name":"aaaa"}      ')

    assert (answer.status_code, problem(answer)["code"]) == (413, "body_too_large")


def test_a_route_may_have_a_limit_of_its_own(post: Callable[..., Any]) -> None:
    assert post(b'{"name": "a"}'.ljust(50), path="/small/optional").status_code == 200
    assert post(b'{"name": "a"}'.ljust(51), path="/small/optional").status_code == 413


def test_no_body_is_an_empty_object_where_the_route_says_so(post: Callable[..., Any]) -> None:
    assert json.loads(post(None, path="/small/optional").content) == {"name": "thing", "data": {}}
    assert problem(post(b"[]", path="/small/optional"))["code"] == "invalid"


def test_every_error_is_told_at_once(post: Callable[..., Any]) -> None:
    said = problem(post({"name": "", "data": [], "extra": 1, "sl/ash~": 2}))

    assert said["detail"] == "4 errors"
    assert {(error["pointer"], error["code"]) for error in said["errors"]} == {
        ("/name", "too_short"),
        ("/data", "invalid_type"),
        ("/extra", "unknown_field"),
        ("/sl~1ash~0", "unknown_field"),
    }


class Item(msgspec.Struct, forbid_unknown_fields=True):
    id: int


def test_one_item_of_a_batch_is_judged_on_its_own() -> None:
    batch = msgspec.json.decode(b'[{"id": 1}, {"id": "x", "y": 2}]', type=list[msgspec.Raw])

    good, bad = [judge(raw, struct=Item) for raw in batch]

    assert good == Item(1)
    assert bad == (
        FieldError("/id", "invalid_type", "expected a whole number, found a string"),
        FieldError("/y", "unknown_field", "unknown field; known: id"),
    )


def test_of_a_huge_body_the_first_error_is_told(post: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_EXPLAINED_BYTES", 10)

    said = problem(post({"name": "", "data": []}))

    assert said["errors"] == [{"pointer": "/name", "code": "invalid", "message": "Expected `str` of length >= 1"}]
