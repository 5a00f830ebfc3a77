"""Two tenants, people of one of them, and the API as a key sees it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest
from ledger_api import Api

from notifications.services.accept import Door
from orchestrator.selectors import forget_strategies
from tenants import keys
from tenants.models import Tenant
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key
from tests import make
from tests.answers import answers_keep_their_promise  # noqa: F401 - holds every answer below this folder


@pytest.fixture(autouse=True)
def nothing_kept_in_memory() -> Iterator[None]:
    """Keys and strategies are kept for a moment; rows of another test are gone by then."""
    keys.forget_all()
    forget_strategies()
    yield
    keys.forget_all()
    forget_strategies()


@pytest.fixture
def tenant(db: None, at: datetime) -> Tenant:
    return create_tenant("acme", name="Acme", actor="test", at=at)


@pytest.fixture
def stranger(db: None, at: datetime) -> Tenant:
    return create_tenant("globex", name="Globex", actor="test", at=at)


@pytest.fixture
def door(tenant: Tenant) -> Door:
    return Door(tenant.id, actor="key:test")


@pytest.fixture
def people(tenant: Tenant) -> dict[str, UUID]:
    """Ana and Bob, with an e-mail address each."""
    return make.recipients(tenant, "ana", "bob")


@pytest.fixture
def api_of(at: datetime) -> Callable[..., Api]:
    """`api_of(tenant, "send", mode="live")`: the API with a fresh key of these scopes."""

    def make_api(tenant: Tenant, *scopes: str, mode: str = "live") -> Api:
        with tenant_scope(tenant.id):
            return Api(issue_key(tenant.id, mode=mode, scopes=scopes, actor="test", at=at).text)

    return make_api


@pytest.fixture
def api(tenant: Tenant, api_of: Callable[..., Api]) -> Api:
    """May send, read and manage."""
    return api_of(tenant, "send", "manage")
