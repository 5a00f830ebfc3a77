"""The secrets that sign what we send to webhooks: of the endpoint, or else of its tenant."""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.conf import settings

_PURPOSE = b"carillon.webhook|"


def secrets_of(tenant_id: UUID, endpoint_extra: Mapping[str, Any]) -> tuple[str, ...]:
    """What signs a call to an endpoint: its own secret alone, else those of its tenant."""
    own = endpoint_extra.get("secret")
    return (str(own),) if own else tenant_secrets(tenant_id)


def tenant_secrets(tenant_id: UUID) -> tuple[str, ...]:
    """The `whsec_…` secrets of a tenant: the current one, and while `SECRET_KEY` changes its former ones too."""
    installation = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    keys = (hmac.digest(key.encode(), _PURPOSE + tenant_id.bytes, "sha256") for key in installation)
    return tuple(f"whsec_{b64encode(key).decode()}" for key in keys)
