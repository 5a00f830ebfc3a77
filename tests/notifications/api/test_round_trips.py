"""How often the front door asks PostgreSQL, as libpq counts it: begin, look, write, commit, for any number."""

import pytest
from ledger_api import Api, a_body

from events import bells
from notifications.models import Notification
from tenants.scope import tenant_scope
from tenants.services import create_tenant, issue_key
from tests import make
from tests.round_trips import round_trips

pytestmark = pytest.mark.django_db(transaction=True)

BEGIN_LOOK_WRITE_COMMIT = 4


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    """Speaks for a tenant that knows Ana; its key and its strategies have been read, and no bell rings."""
    monkeypatch.setattr(bells, "ring", lambda _lanes: None)
    monkeypatch.setattr("orchestrator.selectors.RELOAD_SECONDS", 3600.0)
    monkeypatch.setattr("tenants.keys.FRESH_SECONDS", 3600.0)
    tenant = create_tenant("acme", name="Acme", actor="test", at=make.AT)
    make.recipients(tenant, "ana")
    with tenant_scope(tenant.id):
        key = issue_key(tenant.id, mode="live", scopes=["send"], actor="test", at=make.AT).text
    api = Api(key)
    api("POST", "/notifications", a_body())
    return api


def test_a_single_one_takes_four(api: Api) -> None:
    assert round_trips(lambda: api("POST", "/notifications", a_body(idempotency_key="k"))) == BEGIN_LOOK_WRITE_COMMIT
    assert Notification.objects.count() == 2


@pytest.mark.parametrize("size", [1, 100, 500])
def test_so_do_many(api: Api, size: int) -> None:
    body = {"notifications": [a_body(idempotency_key=f"k{number}") for number in range(size)]}

    assert round_trips(lambda: api("POST", "/notifications/bulk", body)) == BEGIN_LOOK_WRITE_COMMIT
    assert Notification.objects.count() == 1 + size
