"""Preference documents as requests bring them: shape and sense, every error with its pointer."""

from typing import Any, TypeVar

import msgspec

from preferences.catalogue import channel_names
from preferences.documents import troubles_in
from tenants.api.bodies import judge
from tenants.api.faults import pointer_of
from tenants.api.problems import FieldError, invalid

T = TypeVar("T")


def check_merged(document: dict[str, Any], *, struct: type[T]) -> None:
    """The shape of what a merge made of two documents, which was never decoded. Raises `Problem` 422."""
    judged = judge(msgspec.json.encode(document), struct=struct)
    if isinstance(judged, tuple):
        raise invalid(judged)


def check(*documents: tuple[dict[str, Any], tuple[str, ...]]) -> None:
    """What the shape does not tell, of documents that lie at a path of the body. Raises `Problem` 422."""
    errors = [
        FieldError(pointer_of((*path, *trouble.path)), trouble.code, trouble.message)
        for document, path in documents
        for trouble in troubles_in(document, channels=channel_names())
    ]
    if errors:
        raise invalid(errors)
