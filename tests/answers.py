"""Every answer of a `TenantView` in any test is held against what its `@operation` promises, to the field.

Import `answers_keep_their_promise` into a `conftest.py` to have it below that folder.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from django.http import HttpResponse

from tenants.api.base import TenantView
from tenants.api.faults import _in_words
from tenants.api.schema import Operation
from tenants.api.vocabulary import StructValidator


class BrokenPromise(AssertionError):
    """A route answers what its reference does not say."""


@cache
def _strict(answer: Any) -> Any:
    """Judges an answer; a field that the Struct does not have is an error."""
    (schema,), components = msgspec.json.schema_components((answer,), ref_template="#/$defs/{name}")
    for component in components.values():
        if "properties" in component:
            component.setdefault("additionalProperties", False)
    return StructValidator({**schema, "$defs": components})


def hold(response: HttpResponse, *, operation: Operation, route: str) -> None:
    """Raises `BrokenPromise` when the answer is not what `operation` says."""
    if response.status_code >= 400:
        return
    if response.status_code not in operation.answers:
        promised = ", ".join(map(str, operation.answers))
        raise BrokenPromise(f"{route} answered {response.status_code}; promised: {promised}")
    answer = operation.answers[response.status_code]
    if answer is None:
        if response.content:
            raise BrokenPromise(f"{route} promised no body and answered {response.content[:200]!r}")
        return
    errors = [_in_words(error) for error in _strict(answer).iter_errors(json.loads(response.content))]
    if errors:
        raise BrokenPromise(f"{route} broke its promise: {errors}")
    if operation.located and response.status_code in (201, 202) and "Location" not in response:
        raise BrokenPromise(f"{route} promised a Location")


@pytest.fixture(autouse=True)
def answers_keep_their_promise() -> Iterator[None]:
    """Hold every answer against its reference; routes without `@operation` promise nothing."""
    original: Callable[..., HttpResponse] = TenantView._rendered

    def rendered(view: TenantView, handler: Callable[..., HttpResponse]) -> HttpResponse:
        response = original(view, handler)
        operation = getattr(handler, "operation", None)
        if operation is not None:
            route = f"{view.request.method} {type(view).__name__}"
            hold(response, operation=operation, route=route)
        return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TenantView, "_rendered", rendered)
        yield
