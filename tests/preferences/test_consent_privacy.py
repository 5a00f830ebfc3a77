"""People get all that is kept about what they want and agreed to, and what stays after them names nobody."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from audience.privacy import erase
from preferences.models import Consent, ConsentProof, Preferences
from preferences.privacy import export
from preferences.services import put
from preferences.services.centre_links import take_back_links
from preferences.services.consents import NewConsent, record_consents
from tenants.models import Tenant
from tests.make import a_tenant, recipients

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> Tenant:
    return a_tenant("acme")


@pytest.fixture
def ana(acme: Tenant, at: datetime) -> UUID:
    ana = recipients(acme, "ana")["ana"]
    put(tenant_id=acme.id, recipient_id=ana, document={"channels": {"sms": False}}, at=at)
    words = [
        NewConsent(ana, "news", "email", True, "v1", "page", at - timedelta(days=1), {"ip": "192.0.2.7"}),
        NewConsent(ana, "news", "all", False, "", "api", at),
    ]
    record_consents(acme.id, words, actor="key:1", at=at)
    return ana


def test_everything_is_given_out(acme: Tenant, ana: UUID) -> None:
    found = export(tenant_id=acme.id, external_id="ana")

    assert found is not None
    assert found["preferences"] == {"channels": {"sms": False}}
    assert [(c["state"], c["channel"], c["at"], c["proof"]) for c in found["consents"]] == [
        ("given", "email", "2026-11-19T12:00:00Z", {"ip": "192.0.2.7"}),
        ("withdrawn", "all", "2026-11-20T12:00:00Z", {}),
    ]
    assert export(tenant_id=acme.id, external_id="nobody") is None


def test_what_stays_names_nobody(acme: Tenant, ana: UUID, at: datetime) -> None:
    take_back_links(acme.id, ana, at=at)
    erase(tenant_id=acme.id, external_id="ana", actor="test", at=at)

    assert export(tenant_id=acme.id, external_id="ana") is None
    assert not Preferences.objects.exists()
    assert not ConsentProof.objects.exists()
    assert Consent.objects.count() == 2
    assert "ana@" not in str(list(Consent.objects.values()))
