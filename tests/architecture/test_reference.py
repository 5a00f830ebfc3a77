"""The generated reference of the whole API is valid, complete, and says the same thing twice nowhere."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.views import APIView

from tenants.api.base import METHODS, TenantView
from tenants.api.schema import Operation

OWN_WORDS = ("api/v1/schema", "api/v1/docs")  # the reference itself
UNDER_API = "api/"


@pytest.fixture(scope="module")
def reference() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    found: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    return found


def routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, Any]]:
    """Every path and the class of its view."""
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield path, getattr(entry.callback, "view_class", getattr(entry.callback, "cls", None))
        else:
            yield from routes(entry, path)


VIEWS = {path: view for path, view in routes(get_resolver()) if path.startswith(UNDER_API) and path not in OWN_WORDS}
HANDLERS = [
    (f"{method.upper()} {path}", getattr(view, method))
    for path, view in VIEWS.items()
    for method in METHODS
    if hasattr(view, method)
]


def test_there_are_routes_at_all() -> None:
    assert len(HANDLERS) > 3


@pytest.mark.parametrize("path", VIEWS)
def test_every_route_of_the_api_is_a_tenants_route(path: str) -> None:
    """None is open by omission: `TenantView` demands a caller and a scope for each method."""
    view = VIEWS[path]

    assert issubclass(view, APIView)
    assert issubclass(view, TenantView)


@pytest.mark.parametrize(("name", "handler"), HANDLERS, ids=[name for name, _ in HANDLERS])
def test_every_operation_says_what_it_is(name: str, handler: Any) -> None:
    assert isinstance(getattr(handler, "operation", None), Operation)


def test_the_reference_is_valid_openapi(reference: dict[str, Any]) -> None:
    assert reference["openapi"].startswith("3.1")
    validate_schema(reference)


def test_the_generator_has_nothing_to_complain_about(reference: dict[str, Any]) -> None:
    """Two Structs of one name in two apps end up as one component: rename one of them."""
    assert list(GENERATOR_STATS._warn_cache) == []
    assert list(GENERATOR_STATS._error_cache) == []


def test_every_operation_has_a_name_of_its_own(reference: dict[str, Any]) -> None:
    names = Counter(
        operation["operationId"] for methods in reference["paths"].values() for operation in methods.values()
    )

    assert [name for name, count in names.items() if count > 1] == []


def test_every_path_of_the_api_is_in_the_reference(reference: dict[str, Any]) -> None:
    described = {path.strip("/") for path in reference["paths"]}

    assert len(described - set(OWN_WORDS)) == len(VIEWS)
