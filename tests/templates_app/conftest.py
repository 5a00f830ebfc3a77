"""Two tenants, and the API as one of their keys sees it."""

from collections.abc import Callable, Iterator
from datetime import datetime
from uuid import UUID

import pytest

from templates_app.selectors import forget
from tenants import keys
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key
from tests.answers import answers_keep_their_promise  # noqa: F401 - holds every answer below this folder
from tests.templates_app.asking import Api


@pytest.fixture(autouse=True)
def nothing_kept_in_memory() -> Iterator[None]:
    """Keys and words are kept for a moment; rows of another test are gone by then."""
    keys.forget_all()
    forget()
    yield
    keys.forget_all()
    forget()


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
    """May do everything."""
    return api_of(tenant_id, "admin", "send", "manage")
