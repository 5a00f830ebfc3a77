"""The record of consents as operators see it: to read, and nothing else."""

from datetime import datetime

import pytest
from django.contrib.auth.models import User
from django.test import Client

from preferences.models import Consent
from preferences.services.consents import NewConsent, record_consents
from tests.make import a_tenant, recipients

pytestmark = pytest.mark.django_db
LIST = "/admin/preferences/consent/"


def test_operators_read_consents_and_change_none(at: datetime) -> None:
    tenant = a_tenant()
    who = recipients(tenant, "ana")["ana"]
    [row] = record_consents(tenant.id, [NewConsent(who, "news", "email", True, "v7", "page", at)], actor="key:1", at=at)
    operator = Client()
    operator.force_login(User.objects.create_superuser("olga", password="a long password"))

    page = operator.get(f"{LIST}?q={who}").content.decode()
    assert "v7" in page
    one = operator.get(f"{LIST}{row.id}/change/").content.decode()
    assert "news" in one
    assert "ana@" not in page + one
    for path in (f"{LIST}add/", f"{LIST}{row.id}/delete/"):
        assert operator.post(path, {"post": "yes"}).status_code == 403
    assert Consent.objects.get().state == "given"
