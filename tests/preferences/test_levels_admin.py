"""Default and forced preferences and overrides as operators see them: to read."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client

from preferences.models import Override, TenantPreferences
from tests.make import a_tenant, recipients

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["override", "tenantpreferences", "preferences"])
def test_operators_read_and_change_nothing(name: str, at: datetime) -> None:
    tenant = a_tenant()
    ana = recipients(tenant, "ana")["ana"]
    TenantPreferences.objects.create(tenant_id=tenant.id, created_at=at, updated_at=at)
    Override.objects.create(
        tenant_id=tenant.id, recipient_id=ana, created_by="test", created_at=at, until=at + timedelta(days=1)
    )
    client = Client()
    client.force_login(User.objects.create_superuser("olga", password="a long password"))

    answers = [client.get(f"/admin/preferences/{name}/{page}").status_code for page in ("", "add/")]

    assert answers == [200, 403]
