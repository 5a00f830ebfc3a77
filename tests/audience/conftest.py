"""Two tenants, somebody to write to, and the API as one of their keys sees it."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client

from audience.rules.profiles import read_profile
from audience.services import merge_recipients
from audience.tokens import issue
from audience.values import Profile, RecipientChange
from kernel.clock import now
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key


@dataclass(frozen=True, slots=True)
class Somebody:
    """A recipient of a tenant."""

    tenant_id: UUID
    id: UUID
    external_id: str


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON below /api/v1 with one credential."""

    credential: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return Client().generic(
            method,
            f"/api/v1{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.credential}", **headers},
        )


@pytest.fixture
def tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("acme", name="Acme", actor="test", at=at).id


@pytest.fixture
def other_tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("other", name="Other", actor="test", at=at).id


@pytest.fixture
def make_recipient(at: datetime) -> Callable[..., Somebody]:
    """`make_recipient(tenant_id, external_id, **what_is_said)`."""

    def make(tenant_id: UUID, external_id: str, **said: Any) -> Somebody:
        profile = read_profile(RecipientChange(**said), external_id=external_id)
        assert isinstance(profile, Profile), profile
        with tenant_scope(tenant_id):
            kept = merge_recipients(tenant_id=tenant_id, profiles=[profile], at=at)
        return Somebody(tenant_id, kept.ids[external_id], external_id)

    return make


@pytest.fixture
def ana(tenant_id: UUID, make_recipient: Callable[..., Somebody]) -> Somebody:
    return make_recipient(
        tenant_id, "ana", email="ana@example.org", phone="+33612345678", locale="fr", timezone="Europe/Paris"
    )


@pytest.fixture
def api_of(at: datetime) -> Callable[..., Api]:
    """`api_of(tenant_id, "manage", …)`: the API with a fresh key of these scopes."""

    def make(tenant_id: UUID, *scopes: str) -> Api:
        with tenant_scope(tenant_id):
            return Api(issue_key(tenant_id, mode="test", scopes=scopes, actor="test", at=at).text)

    return make


@pytest.fixture
def api(tenant_id: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(tenant_id, "manage")


@pytest.fixture
def my_api(ana: Somebody) -> Api:
    """The API as Ana's own device sees it."""
    return Api(issue(ana.tenant_id, ana.id, seconds=600, at=now()).text)
