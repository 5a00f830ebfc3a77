"""One source of truth: msgspec refuses a body exactly when the schema of the same Struct has something to say."""

from datetime import date, datetime
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import UNSET, Meta, Struct, UnsetType

from tenants.api.faults import _validator, fault_of, faults_of, pointer_of
from tenants.api.problems import FieldError
from tenants.api.vocabulary import LocalMoment, Moment


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Leaf(Struct, forbid_unknown_fields=True):
    id: Annotated[str, Meta(min_length=1, max_length=3, pattern="^[a-z]+$")]
    count: Annotated[int, Meta(ge=0, le=9)] | None = None


class Cat(Struct, tag="cat", tag_field="kind", forbid_unknown_fields=True):
    lives: int


class Dog(Struct, tag="dog", tag_field="kind", forbid_unknown_fields=True):
    name: str


class Tree(Struct, forbid_unknown_fields=True, kw_only=True):
    text: str
    number: Annotated[float, Meta(gt=0, lt=10)] | None = None
    flag: bool = False
    choice: Literal["a", "b"] | None = None
    colour: Colour = Colour.RED
    at: Moment | None = None
    local: LocalMoment | None = None
    day: date | None = None
    uuid: UUID | None = None
    data: dict[str, Any] | UnsetType = UNSET
    sized: Annotated[dict[Annotated[str, Meta(max_length=2)], int], Meta(max_length=2)] = {}
    who: Annotated[list[str | Leaf], Meta(min_length=1, max_length=3)] | None = None
    pet: Cat | Dog | None = None
    pair: tuple[int, str] | None = None
    blob: bytes | None = None
    children: "list[Tree]" = []


UUID_TEXT = "01a1f8ef-823e-7933-b050-e5d2680c947c"
WORDS = ("", "a", "abc", "abcd", "A", "b", "red", "cat", "dog", "kind", "YWJj", "YWJ", "žluť", UUID_TEXT)
TIMES = ("2026-12-25T10:00:00Z", "2026-12-25T10:00:00", "2026-12-25", "2026-13-25", "10:00:00Z")
TEXTS = st.sampled_from((*WORDS, *TIMES))
SCALARS = st.one_of(
    st.none(), st.booleans(), st.sampled_from([-1, 0, 5, 9, 10, 10**20, 1.0, 0.5, 10.0]), TEXTS, st.text(max_size=4)
)
NAMES = st.sampled_from([*Tree.__struct_fields__, "id", "count", "lives", "name", "kind", "xyz"])
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
GOOD: dict[str, Any] = {
    "text": "t",
    "number": 5,
    "flag": True,
    "choice": "a",
    "colour": "blue",
    "at": "2026-12-25T10:00:00+01:00",
    "local": "2026-12-25T10:00:00",
    "day": "2026-12-25",
    "uuid": "01a1f8ef-823e-7933-b050-e5d2680c947c",
    "data": {"x": [1, {"y": None}]},
    "sized": {"ab": 1},
    "who": ["ana", {"id": "abc", "count": 9}],
    "pet": {"kind": "cat", "lives": 9},
    "pair": [1, "x"],
    "blob": "YWJj",
    "children": [{"text": "u"}],
}
NEARLY = st.dictionaries(st.sampled_from([*GOOD, "xyz"]), JSON, max_size=3).map(lambda change: GOOD | change)


def refusal_of(tree: Any, struct: Any = Tree) -> msgspec.ValidationError | None:
    try:
        msgspec.json.decode(msgspec.json.encode(tree), type=struct)
    except msgspec.ValidationError as refusal:
        return refusal
    return None


@settings(max_examples=1500, deadline=None)
@given(NEARLY | JSON)
@example(GOOD)
@example({"text": "t", "number": 1.0, "who": ["a", {"id": "abc", "count": 1.0}]})
@example({"text": "t", "pet": {"lives": 1}})
@example({"text": "t", "pet": {"kind": None}})
@example({"text": "t", "pet": {"kind": "cow"}})
@example({"text": "t", "pair": [1, "a", 2]})
@example({"text": "t", "pair": [1]})
@example({"text": "t", "pair": [True, "a"]})
@example({"text": "t", "sized": {"abc": 1, "": "x", "a": 1}})
def test_both_ways_refuse_the_same_bodies(tree: Any) -> None:
    refused = refusal_of(tree) is not None
    told = list(_validator(Tree).iter_errors(tree)) != []

    assert refused == told


@settings(max_examples=300, deadline=None)
@given(NEARLY)
def test_every_error_points_into_the_body_and_has_words(tree: dict[str, Any]) -> None:
    refusal = refusal_of(tree)
    if refusal is None:
        return

    for error in faults_of(tree, struct=Tree, refusal=refusal):
        assert error.code != "invalid"
        assert error.message
        place = tree
        *way, last = error.pointer.split("/")[1:] or [""]
        for step in way:
            place = place[int(step)] if isinstance(place, list) else place[step]
        if error.code == "required":
            assert last not in place


@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"text": 5}, [("/text", "invalid_type", "expected a string, found a number")]),
        ({"text": None}, [("/text", "invalid_type", "expected a string, found null")]),
        ({"flag": "yes"}, [("/flag", "invalid_type", "expected a boolean, found a string")]),
        ({"pair": [True, "a"]}, [("/pair/0", "invalid_type", "expected a whole number, found a boolean")]),
        ({"pair": [1.0, "a"]}, [("/pair/0", "invalid_type", "expected a whole number, found a number")]),
        ({"number": "5"}, [("/number", "invalid_type", "expected a number or null, found a string")]),
        ({"number": 0}, [("/number", "too_small", "expected more than 0, found 0")]),
        ({"number": 10}, [("/number", "too_large", "expected less than 10, found 10")]),
        ({"choice": "c"}, [("/choice", "invalid_choice", "expected one of a, b; found 'c'")]),
        ({"colour": "green"}, [("/colour", "invalid_choice", "expected one of blue, red; found 'green'")]),
        (
            {"at": "2026-12-25T10:00:00"},
            [("/at", "invalid_format", "expected a moment with its offset, as 2026-12-25T10:00:00Z")],
        ),
        (
            {"local": "2026-12-25T10:00:00Z"},
            [("/local", "invalid_format", "expected a local moment without offset, as 2026-12-25T10:00:00")],
        ),
        ({"day": "tomorrow"}, [("/day", "invalid_format", "expected a date, as 2026-12-25")]),
        ({"uuid": "1"}, [("/uuid", "invalid_format", "expected a UUID")]),
        ({"blob": "%"}, [("/blob", "invalid_format", "expected base64")]),
        ({"who": []}, [("/who", "too_few", "expected at least 1 items, found 0")]),
        ({"who": ["a"] * 4}, [("/who", "too_many", "expected at most 3 items, found 4")]),
        ({"who": [7]}, [("/who/0", "invalid_type", "expected a string or an object, found a number")]),
        (
            {"who": ["a", {"id": "", "count": 10, "x": 1}]},
            [
                ("/who/1/id", "too_short", "expected at least 1 characters, found 0"),
                ("/who/1/id", "invalid_format", "expected text that matches ^[a-z]+$"),
                ("/who/1/count", "too_large", "expected at most 9, found 10"),
                ("/who/1/x", "unknown_field", "unknown field; known: id, count"),
            ],
        ),
        ({"who": [{"count": 1}]}, [("/who/0/id", "required", "this field is required")]),
        ({"pet": {"lives": 1}}, [("/pet/kind", "required", "this field is required")]),
        ({"pet": {"kind": "cow"}}, [("/pet/kind", "invalid_choice", "expected one of cat, dog; found 'cow'")]),
        ({"pet": {"kind": "dog"}}, [("/pet/name", "required", "this field is required")]),
        ({"pet": 1}, [("/pet", "invalid_type", "expected an object or null, found a number")]),
        ({"sized": {"abc": 1}}, [("/sized/abc", "too_long", "expected at most 2 characters, found 3")]),
        ({"sized": {"a": 1, "b": 2, "c": 3}}, [("/sized", "too_many", "expected at most 2 keys, found 3")]),
        ({"children": [{"text": "a", "children": [{}]}]}, [("/children/0/children/0/text", "required", None)]),
        ({"data": []}, [("/data", "invalid_type", "expected an object, found an array")]),
    ],
)
def test_errors_say_where_what_and_why(change: dict[str, Any], errors: list[tuple[str, str, str | None]]) -> None:
    tree = GOOD | change
    refusal = refusal_of(tree)
    assert refusal is not None

    found = faults_of(tree, struct=Tree, refusal=refusal)

    assert sorted((error.pointer, error.code) for error in found) == sorted((where, code) for where, code, _ in errors)
    messages = {(error.pointer, error.code): error.message for error in found}
    for where, code, message in errors:
        assert message is None or messages[where, code] == message


class Careful(Struct):
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")


class Holder(Struct):
    pairs: list[Careful]


def test_what_only_the_struct_itself_knows_is_told_in_its_words() -> None:
    tree = {"pairs": [{"low": 1, "high": 2}, {"low": 2, "high": 1}]}
    refusal = refusal_of(tree, Holder)
    assert refusal is not None

    assert faults_of(tree, struct=Holder, refusal=refusal) == [FieldError("/pairs/1", "invalid", "low is above high")]


def test_at_most_a_hundred_errors_are_told() -> None:
    tree = {"text": "a", "children": [{}] * 1000}
    refusal = refusal_of(tree)
    assert refusal is not None

    assert len(faults_of(tree, struct=Tree, refusal=refusal)) == 100


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("Expected `int`, got `str` - at `$.a.b[3].c`", FieldError("/a/b/3/c", "invalid", "Expected `int`, got `str`")),
        ("Expected `int`, got `str`", FieldError("", "invalid", "Expected `int`, got `str`")),
        ("Too long - at `key` in `$.a`", FieldError("/a", "invalid", "Too long")),
    ],
)
def test_the_path_of_msgspec_becomes_a_pointer(message: str, told: FieldError) -> None:
    assert fault_of(msgspec.ValidationError(message)) == told


def test_pointers_escape_what_rfc_6901_says() -> None:
    assert pointer_of(["a/b", "m~n", 0, ""]) == "/a~1b/m~0n/0/"


def test_a_naive_moment_is_read_as_one() -> None:
    found = msgspec.json.decode(b'{"text": "a", "local": "2026-12-25T10:00:00"}', type=Tree)

    assert found.local == datetime(2026, 12, 25, 10)  # noqa: DTZ001 - local on purpose
