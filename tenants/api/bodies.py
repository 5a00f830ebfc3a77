"""What a client sends: read once, judged against a msgspec Struct, every error told at once."""

import re
from typing import Any, TypeVar

import msgspec
from django.conf import settings
from rest_framework.request import Request

from kernel import structs
from tenants.api.faults import fault_of, faults_of
from tenants.api.problems import FieldError, Problem, invalid
from tenants.api.strictness import malformed, strict_tree

T = TypeVar("T")
# Telling every error costs a hundred times what finding the first one does: beyond this only the first one is told.
MAX_EXPLAINED_BYTES = 1_048_576
_JSON = re.compile(r"application/(?:[a-z0-9.-]+\+)?json(?:\s*;\s*charset\s*=\s*\"?utf-8\"?)?\s*", re.IGNORECASE)


def decode(request: Request, struct: type[T]) -> T:
    """The body as `struct`. Raises `Problem`: 413, 415, 400 `malformed_json`, or 422 `invalid` with every error."""
    raw, tree = body_of(request), tree_of(request)
    try:
        return structs.decoder(struct).decode(raw)
    except msgspec.ValidationError as refusal:
        raise invalid(_explain(raw, tree=tree, struct=struct, refusal=refusal)) from refusal


def decode_optional(request: Request, struct: type[T]) -> T:
    """As `decode`, but no body at all is an empty object."""
    return decode(request, struct) if body_of(request) else structs.convert({}, struct)


def judge(raw: bytes | msgspec.Raw, *, struct: type[T]) -> T | tuple[FieldError, ...]:
    """One item of a batch, whose body was read as a list of `msgspec.Raw`: the Struct, or everything wrong with it."""
    try:
        return structs.decoder(struct).decode(raw)
    except msgspec.ValidationError as refusal:
        text = bytes(raw)
        return tuple(_explain(text, tree=msgspec.json.decode(text), struct=struct, refusal=refusal))


def body_of(request: Request) -> bytes:
    """The raw body. Raises `Problem` 413 beyond the view's `max_body_bytes`, by default `API_MAX_BODY_BYTES`."""
    context = request.parser_context
    if "body" not in context:
        limit: int = getattr(context["view"], "max_body_bytes", None) or settings.API_MAX_BODY_BYTES
        raw = request.stream.read(limit + 1) if request.stream is not None else b""
        if len(raw) > limit:
            raise Problem(
                "body_too_large",
                status=413,
                title="Body too large",
                detail=f"The body has more than the {limit} bytes that this route takes.",
            )
        context["body"] = raw
    return bytes(context["body"])


def tree_of(request: Request) -> Any:
    """The body as plain Python values. Raises `Problem`: 413, 415, 400 `malformed_json`."""
    context = request.parser_context
    if "tree" not in context:
        raw = body_of(request)
        if not raw:
            raise malformed("it is empty")
        content_type = request.META.get("CONTENT_TYPE", "")
        if not _JSON.fullmatch(content_type):
            raise Problem(
                "unsupported_media_type",
                status=415,
                detail=f"Send application/json in UTF-8; found '{content_type[:80]}'.",
            )
        context["tree"] = strict_tree(raw)
    return context["tree"]


def _explain(raw: bytes, *, tree: Any, struct: Any, refusal: msgspec.ValidationError) -> list[FieldError]:
    if len(raw) > MAX_EXPLAINED_BYTES:
        return [fault_of(refusal)]
    return faults_of(tree, struct=struct, refusal=refusal)
