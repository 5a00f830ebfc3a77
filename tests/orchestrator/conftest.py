"""Two tenants, and the API as one of their keys sees it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.http import HttpResponse
from django.test import Client

from orchestrator.selectors import forget_strategies
from tenants import keys
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON below /api/v1 with one credential."""

    credential: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        return Client().generic(
            method,
            path if path.startswith("/api/") else f"/api/v1{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.credential}", **headers},
        )


@pytest.fixture(autouse=True)
def nothing_kept_in_memory() -> Iterator[None]:
    """Keys and strategies are kept for a moment; rows of another test are gone by then."""
    yield
    keys.forget_all()
    forget_strategies()


@pytest.fixture
def tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("acme", name="Acme", actor="test", at=at).id


@pytest.fixture
def other_tenant_id(db: None, at: datetime) -> UUID:
    return create_tenant("globex", name="Globex", actor="test", at=at).id


@pytest.fixture
def api_of(at: datetime) -> Callable[..., Api]:
    """`api_of(tenant_id, "manage", …)`: the API with a fresh key of these scopes."""

    def make(tenant_id: UUID, *scopes: str) -> Api:
        with tenant_scope(tenant_id):
            return Api(issue_key(tenant_id, mode="live", scopes=scopes, actor="test", at=at).text)

    return make


@pytest.fixture
def api(tenant_id: UUID, api_of: Callable[..., Api]) -> Api:
    return api_of(tenant_id, "manage")
