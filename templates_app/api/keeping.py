"""How words are kept and put into use: the same refusals and the same answer for templates, layouts and the rest."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rest_framework.request import Request
from rest_framework.response import Response

from templates_app.api.etags import etag, overtaken
from templates_app.rules.names import KEY_SHAPE, is_key
from templates_app.services.drafts import Overtaken, Unfit
from templates_app.services.publishing import FourEyes, NothingToPublish
from templates_app.values import Finding
from tenants.api.problems import FieldError, conflict, invalid

T = TypeVar("T")


@contextmanager
def refusals() -> Iterator[None]:
    """Tell what keeps words from being saved or published as a `Problem`."""
    try:
        yield
    except NothingToPublish as trouble:
        raise conflict("no_draft", detail=str(trouble)) from trouble
    except FourEyes as trouble:
        raise conflict("four_eyes", detail=str(trouble)) from trouble
    except Overtaken as trouble:
        raise overtaken(trouble) from trouble


def fit(found: T | Unfit) -> T:
    """What was kept. Raises `Problem` 422 with the errors that kept it from that."""
    if isinstance(found, Unfit):
        raise invalid([_field_error(one) for one in found.errors])
    return found


def key_faults(key: str) -> list[FieldError]:
    """What is wrong with a key."""
    return [] if is_key(key) else [FieldError("/key", "invalid_format", f"'{key[:40]}' is no key; {KEY_SHAPE}")]


def check_key(key: str) -> None:
    """Raises `Problem` 422 for what is no key."""
    if faults := key_faults(key):
        raise invalid(faults)


def kept(request: Request, shown: Any, *, revision: int, created: bool) -> Response:
    """200, or 201 and where it is, with the tag of what was kept."""
    headers = {"ETag": etag(revision)} | ({"Location": request.path.rstrip("/")} if created else {})
    return Response(shown, status=201 if created else 200, headers=headers)


def _field_error(one: Finding) -> FieldError:
    place = ", ".join(word for word in (one.part, one.locale, f"line {one.line}" if one.part else "") if word)
    return FieldError(one.pointer, one.code, f"{place}: {one.message}" if place else one.message)
