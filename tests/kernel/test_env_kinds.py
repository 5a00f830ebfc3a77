"""What each kind of value takes and refuses."""

from typing import Any

import pytest

from kernel import env_kinds as kinds
from kernel.env import Kind, WrongValue

URL = kinds.url(schemes=("http", "https"), example="https://host")


@pytest.mark.parametrize(
    ("kind", "found", "value"),
    [
        pytest.param(kinds.integer(low=-5, high=5), "-5", -5, id="lowest integer"),
        pytest.param(kinds.fraction(), ".25", 0.25, id="fraction"),
        pytest.param(kinds.fraction(), "1.0", 1.0, id="whole fraction"),
        pytest.param(kinds.milliseconds(low=1, high=60_000), "1500", 1.5, id="milliseconds in seconds"),
        pytest.param(kinds.boolean(), "Yes", True, id="yes"),
        pytest.param(kinds.boolean(), "off", False, id="off"),
        pytest.param(kinds.choice(("a", "b")), "b", "b", id="choice"),
        pytest.param(kinds.listing(kinds.name()), " a, b ,,", ("a", "b"), id="list with spaces"),
        pytest.param(kinds.listing(kinds.name()), "", (), id="empty list"),
        pytest.param(URL, "https://host:8443/path", "https://host:8443/path", id="url"),
        pytest.param(URL, "", "", id="no url"),
        pytest.param(kinds.timezone(), "Europe/Paris", "Europe/Paris", id="zone"),
        pytest.param(kinds.rate(), "100/s", kinds.Rate(100, 1), id="rate per s"),
        pytest.param(kinds.rate(), "10000 / Hour", kinds.Rate(10_000, 3600), id="rate per hour"),
        pytest.param(kinds.rate(), "", None, id="no rate"),
        pytest.param(kinds.json_object(), '{"a": [1]}', {"a": [1]}, id="object"),
        pytest.param(kinds.credentials(), "amqp+ssl://x", {"url": "amqp+ssl://x"}, id="credentials as a URL"),
        pytest.param(kinds.secret_text(at_least=4), "", "", id="no secret"),
    ],
)
def test_what_is_taken(kind: Kind[Any], found: str, value: object) -> None:
    assert kind.parse(found) == value


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        pytest.param(kinds.integer(low=0, high=5), "6", id="integer above"),
        pytest.param(kinds.integer(low=0, high=5), "-1", id="integer below"),
        pytest.param(kinds.integer(low=0, high=5), "1.5", id="integer with a point"),
        pytest.param(kinds.integer(low=0, high=5), "1_0", id="integer as Python writes it"),
        pytest.param(kinds.integer(low=0, high=5), "٣", id="digit of another script"),
        pytest.param(kinds.fraction(), "1.1", id="fraction above"),
        pytest.param(kinds.fraction(), "nan", id="no number"),
        pytest.param(kinds.milliseconds(low=100, high=200), "0", id="milliseconds below"),
        pytest.param(kinds.milliseconds(low=100, high=200), "30s", id="milliseconds with a unit"),
        pytest.param(kinds.boolean(), "maybe", id="boolean"),
        pytest.param(kinds.choice(("a", "b")), "A", id="choice in another case"),
        pytest.param(kinds.listing(kinds.name()), "ok, not ok", id="wrong item"),
        pytest.param(kinds.name(), "a b", id="name with a space"),
        pytest.param(kinds.name(), "x" * 101, id="long name"),
        pytest.param(URL, "ftp://host", id="other scheme"),
        pytest.param(URL, "https:///path", id="url without host"),
        pytest.param(URL, "https://host:99999", id="url with a wrong port"),
        pytest.param(URL, "https://[::1", id="url with half an address"),
        pytest.param(kinds.timezone(), "CEST", id="abbreviation of a zone"),
        pytest.param(kinds.timezone(), "../etc/passwd", id="zone that is a path"),
        pytest.param(kinds.rate(), "0/minute", id="rate of nothing"),
        pytest.param(kinds.rate(), "10", id="rate without a period"),
        pytest.param(kinds.rate(), "10/fortnight", id="rate with an odd period"),
        pytest.param(kinds.json_object(), "[1]", id="list instead of object"),
        pytest.param(kinds.json_object(), "{", id="half an object"),
        pytest.param(kinds.credentials(), "password", id="bare credentials"),
        pytest.param(kinds.secret_text(at_least=4), "abc", id="short secret"),
    ],
)
def test_what_is_refused(kind: Kind[Any], found: str) -> None:
    with pytest.raises(WrongValue):
        kind.parse(found)
