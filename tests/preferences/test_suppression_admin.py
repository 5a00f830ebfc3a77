"""The suppression list as operators see it."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from preferences.address_hash import Contact
from preferences.models import Suppression
from preferences.rules import Ban, Reason
from preferences.selectors import bans_on
from preferences.services import NewSuppression, suppress
from tenants.models import AuditEntry
from tests.make import a_tenant

pytestmark = pytest.mark.django_db
LIST = "/admin/preferences/suppression/"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga", password="a long password"))
    return client


def test_what_an_operator_adds_holds_for_everybody(operator: Client) -> None:
    answer = operator.post(f"{LIST}add/", {"channel": "email", "address": "ana@example.org", "note": "court order"})

    assert answer.status_code == 302
    kept = Suppression.objects.get()
    assert (kept.tenant_id, kept.source, kept.note) == (None, "user:olga", "court order")
    mail = Contact(a_tenant().id, "email", "ana@example.org")
    assert bans_on([mail]) == {mail: (Ban(Reason.MANUAL),)}


def test_the_list_masks_addresses_and_lifts(operator: Client, at: datetime) -> None:
    tenant = a_tenant()
    contact = Contact(tenant.id, "email", "ana@example.org")
    (id,) = suppress([NewSuppression(contact, Reason.HARD_BOUNCE)], source="provider", at=at)
    page = operator.get(LIST).content.decode()
    assert "a•••@example.org" in page
    assert "ana@example.org" not in page

    operator.post(LIST, {"action": "lift", "_selected_action": [str(id)]})

    assert Suppression.objects.get().lifted_by == "user:olga"
    assert AuditEntry.objects.get(action="suppression.lifted").tenant_id == tenant.id
