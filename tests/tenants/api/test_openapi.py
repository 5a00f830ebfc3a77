"""The reference that is generated from the code."""

from typing import Annotated, Any

import django_filters
import msgspec
import pytest
from django.urls import path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.api.base import TenantView
from tenants.api.schema import operation, page_of


class Made(msgspec.Struct):
    """What was made."""

    name: Annotated[str, msgspec.Meta(max_length=10, description="as you wrote it")]


class ToMake(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(max_length=10)]
    parts: list[Made] = []


class MadeFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(help_text="exactly")
    kind = django_filters.ChoiceFilter(choices=[("a", "A"), ("b", "B")])
    since = django_filters.IsoDateTimeFilter()
    id = django_filters.UUIDFilter()
    on = django_filters.BooleanFilter()


class Makings(TenantView):
    scopes = {"GET": "read", "POST": "send"}
    idempotent = True

    @operation("List what was made", answers={200: page_of(Made)}, query=MadeFilter)
    def get(self, request: Request) -> Response:
        """Newest first."""
        return Response({})

    @operation(
        "Make", body=ToMake, answers={202: Made}, problems=(429,), example={"name": "x"}, located=True, tag="workshop"
    )
    def post(self, request: Request) -> Response:
        """Makes it.

        Soon.
        """
        return Response({})


class Making(TenantView):
    scopes = {"DELETE": "manage"}

    @operation("Unmake", answers={204: None}, name="unmake")
    def delete(self, request: Request, name: str) -> Response:
        return Response(status=204)


class Undescribed(TenantView):
    scopes = {"GET": "read"}

    def get(self, request: Request) -> Response:
        return Response({})


PATTERNS = [path("api/v1/makings", Makings.as_view()), path("api/v1/makings/<str:name>", Making.as_view())]


def reference(patterns: list[Any]) -> dict[str, Any]:
    GENERATOR_STATS.reset()
    found: dict[str, Any] = SchemaGenerator(patterns=patterns).get_schema(public=True)
    return found


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    return reference(PATTERNS)


def test_the_reference_is_valid_and_without_complaints() -> None:
    validate_schema(reference(PATTERNS))

    assert not GENERATOR_STATS._warn_cache
    assert not GENERATOR_STATS._error_cache


def test_a_struct_is_one_component_wherever_it_is_named(made: dict[str, Any]) -> None:
    components = made["components"]["schemas"]

    assert set(components) == {"Made", "MadePage", "ToMake", "ProblemBody", "FieldError"}
    assert components["Made"] == {
        "title": "Made",
        "description": "What was made.",
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 10, "description": "as you wrote it"}},
        "required": ["name"],
    }
    assert components["ToMake"]["additionalProperties"] is False


def test_a_post_tells_its_body_answer_and_problems(made: dict[str, Any]) -> None:
    post = made["paths"]["/api/v1/makings"]["post"]

    assert (post["summary"], post["description"], post["tags"]) == ("Make", "Makes it.\n\nSoon.", ["workshop"])
    body = post["requestBody"]
    assert body["required"] is True
    assert body["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/ToMake"}
    assert [example["value"] for example in body["content"]["application/json"]["examples"].values()] == [{"name": "x"}]
    assert set(post["responses"]) == {"202", "400", "401", "403", "409", "413", "415", "422", "429", "503"}
    accepted = post["responses"]["202"]
    assert accepted["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Made"}
    assert "Location" in accepted["headers"]
    assert post["responses"]["422"] == {"$ref": "#/components/responses/Problem422"}


def test_a_problem_is_problem_json(made: dict[str, Any]) -> None:
    content = made["components"]["responses"]["Problem422"]["content"]

    assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}


def test_every_operation_tells_its_scope_and_its_key(made: dict[str, Any]) -> None:
    operations = [operation for methods in made["paths"].values() for operation in methods.values()]

    assert sorted(operation["x-permission"] for operation in operations) == ["manage", "read", "send"]
    assert all(operation["security"] == [{"bearer": []}] for operation in operations)
    assert made["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"


def test_a_list_tells_its_filters_and_pages(made: dict[str, Any]) -> None:
    get = made["paths"]["/api/v1/makings"]["get"]

    schemas = {parameter["name"]: parameter["schema"] for parameter in get["parameters"]}
    assert schemas == {
        "cursor": {"type": "string"},
        "id": {"type": "string", "format": "uuid"},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "limit": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
        "name": {"type": "string"},
        "on": {"type": "boolean"},
        "since": {"type": "string", "format": "date-time"},
    }
    assert get["responses"]["200"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/MadePage"}


def test_the_idempotency_key_is_told_where_it_is_honoured(made: dict[str, Any]) -> None:
    def headers(operation: dict[str, Any]) -> set[str]:
        return {parameter["name"] for parameter in operation.get("parameters", []) if parameter["in"] == "header"}

    assert headers(made["paths"]["/api/v1/makings"]["post"]) == {"Idempotency-Key"}
    assert headers(made["paths"]["/api/v1/makings"]["get"]) == set()


def test_operations_have_names_of_their_own(made: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in made["paths"].values() for operation in methods.values()]

    assert sorted(names) == ["list_makings", "post_makings", "unmake"]


def test_a_name_in_the_path_can_be_unknown(made: dict[str, Any]) -> None:
    responses = made["paths"]["/api/v1/makings/{name}"]["delete"]["responses"]

    assert set(responses) == {"204", "401", "403", "404", "503"}
    assert "content" not in responses["204"]


def test_a_route_that_says_nothing_is_complained_about() -> None:
    reference([path("api/v1/undescribed", Undescribed.as_view())])

    assert "Undescribed.get has no @operation" in str(GENERATOR_STATS._warn_cache)
