"""The test that holds answers against their reference does notice."""

from typing import Any

import msgspec
import pytest
from answers import BrokenPromise, hold
from django.http import HttpResponse

from tenants.api.schema import Operation, page_of


class Told(msgspec.Struct):
    id: int
    name: str | None = None


ONE = Operation(summary="", answers={200: Told, 202: page_of(Told), 204: None})


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"id": 1}'),
        (200, b'{"id": 1, "name": "x"}'),
        (202, b'{"results": [{"id": 1}], "next": null, "previous": null}'),
        (204, b""),
        (404, b'{"anything": 1}'),
    ],
)
def test_an_answer_as_promised_is_fine(status: int, body: bytes) -> None:
    hold(HttpResponse(body, status=status), operation=ONE, route="GET /x")


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (200, b'{"id": "1"}', "expected a whole number, found a string"),
        (200, b'{"id": 1, "nmae": "x"}', "unknown field; known: id, name"),
        (200, b"{}", "this field is required"),
        (201, b'{"id": 1}', "answered 201; promised: 200, 202, 204"),
        (202, b'{"results": [{}], "next": null, "previous": null}', "/results/0/id"),
        (204, b"{}", "promised no body"),
    ],
)
def test_a_broken_promise_is_told(status: int, body: bytes, why: str) -> None:
    with pytest.raises(BrokenPromise, match=why):
        hold(HttpResponse(body, status=status), operation=ONE, route="GET /x")


def test_a_missing_location_is_told() -> None:
    located = Operation(summary="", answers={202: Told}, located=True)
    response: Any = HttpResponse(b'{"id": 1}', status=202)

    with pytest.raises(BrokenPromise, match="promised a Location"):
        hold(response, operation=located, route="POST /x")
    response["Location"] = "/x/1"
    hold(response, operation=located, route="POST /x")
