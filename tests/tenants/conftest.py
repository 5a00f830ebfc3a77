"""Two tenants and their keys."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from answers import answers_keep_their_promise  # noqa: F401 - holds every answer below this folder
from tenants_speaking import Api

from tenants import keys
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key
from tenants.values import IssuedKey


@pytest.fixture(autouse=True)
def no_known_keys() -> Iterator[None]:
    """Keys are remembered for a second; rows of another test are gone by then."""
    keys.forget_all()
    yield
    keys.forget_all()


@pytest.fixture
def acme(db: None, at: datetime) -> Tenant:
    return create_tenant("acme", name="Acme", actor="test", at=at)


@pytest.fixture
def globex(db: None, at: datetime) -> Tenant:
    return create_tenant("globex", name="Globex", actor="test", at=at)


@pytest.fixture
def key_of(at: datetime) -> Callable[..., IssuedKey]:
    """`key_of(tenant, "send", mode="live")`: a fresh key."""

    def issue(tenant: Tenant, *scopes: str, mode: str = "live", expires_at: datetime | None = None) -> IssuedKey:
        with tenant_scope(tenant.id):
            return issue_key(tenant.id, mode=mode, scopes=scopes, expires_at=expires_at, actor="test", at=at)

    return issue


@pytest.fixture
def api_of(key_of: Callable[..., IssuedKey]) -> Callable[..., Api]:
    """`api_of(tenant, "send")`: the API as a fresh key of these scopes sees it."""

    def make(tenant: Tenant, *scopes: str, mode: str = "live") -> Api:
        return Api(key_of(tenant, *scopes, mode=mode).text)

    return make
