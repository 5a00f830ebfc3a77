"""What an operator fills in for a provider account: a struct per provider, with the fields that must never be shown.

class Credentials(Form, frozen=True):
    account_sid: Plain
    auth_token: Secret
    base_url: Plain = "https://api.twilio.com"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, inspect

from channels_app.values import WrongCredentials
from kernel import structs

Plain = Annotated[str, Meta(min_length=1, max_length=2000)]
Secret = Annotated[str, Meta(min_length=1, max_length=20_000, extra={"secret": True})]  # written, never read back


class Form(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what is filled in for an account."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Where the provider sandbox listens. `url` has no slash at its end."""

    url: str  # http://127.0.0.1:8025
    smtp_url: str  # smtp://127.0.0.1:1025; "" = none


def checked(written: Mapping[str, Any], form: type[Struct]) -> Mapping[str, Any]:
    """What was written as a plain mapping with all defaults filled in. Raises WrongCredentials, without any value."""
    try:
        found = structs.convert(dict(written), form, strict=False)
    except msgspec.ValidationError as wrong:
        # msgspec names the kind and the place of what is wrong, never its value.
        raise WrongCredentials(str(wrong)) from None
    plain: dict[str, Any] = msgspec.to_builtins(found)
    return plain


def secret_fields(form: type[Struct]) -> frozenset[str]:
    """The names of the fields that must never be shown."""
    info = inspect.type_info(form)
    assert isinstance(info, inspect.StructType)
    return frozenset(
        field.name
        for field in info.fields
        if isinstance(field.type, inspect.Metadata) and (field.type.extra or {}).get("secret")
    )
