"""JSON as the API writes it: Structs, dicts and rows alike; moments in UTC with `Z`, ids as text."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.utils.functional import Promise
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_OTHER_ZONE = re.compile(rb'"\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d"')


def to_json(value: Any) -> bytes:
    """Compact JSON. A moment of another zone is turned to UTC; text that only looks like one stays as it is."""
    body = _encoder.encode(value)
    if _OTHER_ZONE.search(body):
        return _encoder.encode(_in_utc(msgspec.to_builtins(value, builtin_types=(datetime,), enc_hook=_other)))
    return body


def _other(value: Any) -> Any:
    """What msgspec does not know: rows not read yet, translations not made yet."""
    match value:
        case Promise():
            return str(value)
        case Iterable() if not isinstance(value, Iterator):
            return list(value)
        case _:
            raise NotImplementedError(f"no JSON for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_other, decimal_format="string", uuid_format="canonical")


def _in_utc(value: Any) -> Any:
    match value:
        case datetime() if value.tzinfo is not None:
            return value.astimezone(UTC)
        case dict():
            return {key: _in_utc(item) for key, item in value.items()}
        case list() | tuple():
            return [_in_utc(item) for item in value]
        case _:
            return value


class JsonRenderer(BaseRenderer):
    """Renders answers with msgspec."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else to_json(data)


class OnlyJson(BaseContentNegotiation):
    """The API speaks JSON, whatever `Accept` asks for."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return next(iter(parsers), None)

    def select_renderer(
        self,
        request: Request,
        renderers: Any,
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type
