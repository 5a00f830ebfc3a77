"""OpenAPI from the very types that requests are judged by and answers are made of: every Struct is a component."""

import inspect
import re
from http import HTTPStatus
from typing import Any, Literal

import django_filters
import msgspec
from drf_spectacular.drainage import warn
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentIdentity, ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from tenants.api.auth import ApiKeyAuthentication
from tenants.api.pages import CURSOR, DEFAULT_LIMIT, LIMIT, MAX_LIMIT
from tenants.api.problems import CONTENT_TYPE, ProblemBody
from tenants.api.schema import Operation
from tenants.rules.sameness import MAX_KEY_CHARS

JSON = "application/json"
_REF = "#/components/schemas/{name}"
_PREFIX = re.compile(r"^/api/v\d+/")
_VARIABLE = re.compile(r"\{(\w+)\}")
_HAS_BODY = (400, 413, 415, 422)
_ALWAYS = (401, 403, 503)


class StructSchema(AutoSchema):
    """Reads `@operation` instead of serializers."""

    @property
    def described(self) -> Operation:
        handler = getattr(self.view, self.method.lower())
        found = getattr(handler, "operation", None)
        if isinstance(found, Operation):
            return found
        warn(f"{type(self.view).__name__}.{self.method.lower()} has no @operation")
        return Operation(summary="", answers={200: None})

    def get_operation_id(self) -> str:
        verb = "list" if self.method == "GET" and self._is_paged() else self.method.lower()
        words = [_VARIABLE.sub(r"by_\1", step).replace("-", "_") for step in self._steps()]
        return self.described.name or "_".join([verb, *words])

    def get_summary(self) -> str:
        return self.described.summary

    def get_description(self) -> str:  # type: ignore[override]
        return inspect.getdoc(getattr(self.view, self.method.lower())) or ""

    def get_tags(self) -> list[str]:
        return [self.described.tag or self._steps()[0]]

    def get_extensions(self) -> dict[str, Any]:
        scope = getattr(self.view, "scopes", {}).get(self.method)
        return {"x-permission": scope} if scope else {}

    def get_examples(self) -> list[OpenApiExample]:
        example = self.described.example
        return [OpenApiExample("example", value=example, request_only=True)] if example is not None else []

    def map_parsers(self) -> list[str]:
        return [JSON]

    def get_request_serializer(self) -> Any:
        return {JSON: self._schema_of(self.described.body)} if self.described.body is not None else None

    def _get_request_for_media_type(self, serializer: Any, direction: str = "request") -> tuple[Any, bool]:
        schema, _ = super()._get_request_for_media_type(serializer, direction)  # type: ignore[no-untyped-call]
        return schema, self.described.body_required

    def get_response_serializers(self) -> dict[int, OpenApiResponse]:  # type: ignore[override]
        return {
            status: OpenApiResponse(
                response=self._schema_of(answer) if answer is not None else None,
                description=HTTPStatus(status).phrase,
            )
            for status, answer in self.described.answers.items()
        }

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        responses = super()._get_response_bodies(direction)
        for status in self._problem_statuses():
            responses[str(status)] = self._problem_response(status)
        return responses

    def get_override_parameters(self) -> list[Any]:
        parameters: list[OpenApiParameter] = []
        if self._is_idempotent():
            parameters.append(_IDEMPOTENCY_KEY)
        if self.described.located:
            parameters.append(_LOCATION)
        if self.described.query is not None:
            parameters += [_of_filter(name, found) for name, found in self.described.query.base_filters.items()]
        if self._is_paged():
            parameters += _PAGING
        return parameters

    def _steps(self) -> list[str]:
        return _PREFIX.sub("", self.path).strip("/").split("/")

    def _is_idempotent(self) -> bool:
        return self.method == "POST" and bool(getattr(self.view, "idempotent", False))

    def _is_paged(self) -> bool:
        answer = self.described.answers.get(200)
        return isinstance(answer, type) and answer.__name__.endswith("Page")

    def _problem_statuses(self) -> list[int]:
        statuses = {*_ALWAYS, *self.described.problems}
        if self.described.body is not None:
            statuses.update(_HAS_BODY)
        if self._is_idempotent():
            statuses.update((409, 422))
        if self.described.query is not None or self._is_paged():
            statuses.add(422)
        if _VARIABLE.search(self.path):
            statuses.add(404)
        return sorted(statuses)

    def _problem_response(self, status: int) -> Any:
        schema = {
            "description": HTTPStatus(status).phrase,
            "content": {CONTENT_TYPE: {"schema": self._schema_of(ProblemBody)}},
        }
        return self._component(f"Problem{status}", kind=ResolvedComponent.RESPONSE, schema=schema)

    def _schema_of(self, type_: Any) -> dict[str, Any]:
        """The type as a schema; every Struct in it becomes a component."""
        (schema,), components = msgspec.json.schema_components((type_,), ref_template=_REF)
        for name, component in components.items():
            self._component(name, kind=ResolvedComponent.SCHEMA, schema=component)
        return schema

    def _component(self, name: str, *, kind: str, schema: Any) -> Any:
        """Two different things of one name are told by drf-spectacular's warning, which fails the schema check."""
        identity = ComponentIdentity(msgspec.json.encode(schema))  # type: ignore[no-untyped-call]
        component = ResolvedComponent(name, kind, schema, identity)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)
        return component.ref


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the API key is sent."""

    target_class = ApiKeyAuthentication
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key: `Authorization: Bearer crl_live_…`. Each operation's `x-permission` is the "
            "scope it needs; `admin` implies all, `manage` implies `read`.",
        }


_IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": MAX_KEY_CHARS},
    OpenApiParameter.HEADER,
    description="The same key and body again get the first answer again, with `Idempotent-Replayed: true`, "
    "for seven days; another body gets 422, and 409 while the first request runs.",
)
_LOCATION = OpenApiParameter(
    "Location",
    {"type": "string", "format": "uri-reference"},
    OpenApiParameter.HEADER,
    response=[201, 202],
    description="Where the new thing is.",
)
_PAGING = [
    OpenApiParameter(
        LIMIT,
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        description="How many rows a page has.",
    ),
    OpenApiParameter(CURSOR, {"type": "string"}, description="From a `next` or `previous` link."),
]
_TEXT: dict[str, Any] = {"type": "string"}
_FILTER_SCHEMAS: tuple[tuple[type, dict[str, Any]], ...] = (
    (django_filters.BaseCSVFilter, _TEXT),
    (django_filters.UUIDFilter, {"type": "string", "format": "uuid"}),
    (django_filters.IsoDateTimeFilter, {"type": "string", "format": "date-time"}),
    (django_filters.DateTimeFilter, {"type": "string", "format": "date-time"}),
    (django_filters.DateFilter, {"type": "string", "format": "date"}),
    (django_filters.BooleanFilter, {"type": "boolean"}),
    (django_filters.NumberFilter, {"type": "number"}),
)


def _of_filter(name: str, found: django_filters.Filter) -> OpenApiParameter:
    schema: dict[str, Any] = next(
        (dict(schema) for kind, schema in _FILTER_SCHEMAS if isinstance(found, kind)), {"type": "string"}
    )
    choices = found.extra.get("choices")
    if choices and not callable(choices):
        schema |= {"enum": [value for value, _ in choices]}
    described = found.extra.get("help_text") or ""
    return OpenApiParameter(name, schema, description=str(described), required=bool(found.extra.get("required")))
