"""Making tenants, issuing keys, and the trail they leave."""

from datetime import datetime, timedelta

import pytest

from tenants.models import ApiKey, AuditEntry, Tenant
from tenants.rules.key_text import parse
from tenants.rules.scopes import UnknownScope
from tenants.services import BadKey, BadTenant, create_tenant, issue_key, revoke_key

pytestmark = pytest.mark.django_db


def trail() -> list[tuple[str, str, str]]:
    return list(AuditEntry.objects.order_by("id").values_list("actor", "action", "object"))


def test_a_tenant_is_made_with_its_first_line_in_the_trail(at: datetime) -> None:
    tenant = create_tenant("acme", name="Acme Inc.", timezone="Europe/Paris", actor="command:x", at=at)

    stored = Tenant.objects.get(key="acme")
    assert (stored.id, stored.name, stored.timezone) == (tenant.id, "Acme Inc.", "Europe/Paris")
    assert trail() == [("command:x", "tenant.created", "tenant:acme")]


@pytest.mark.parametrize(
    ("key", "timezone", "why"),
    [
        ("", "UTC", "is no tenant key"),
        ("Acme", "UTC", "is no tenant key"),
        ("-acme", "UTC", "is no tenant key"),
        ("acme-", "UTC", "is no tenant key"),
        ("a" * 65, "UTC", "is no tenant key"),
        ("acme\n", "UTC", "is no tenant key"),
        ("acme", "Mars/Olympus", "no time zone 'Mars/Olympus'"),
    ],
)
def test_a_tenant_that_cannot_be_is_refused(at: datetime, key: str, timezone: str, why: str) -> None:
    with pytest.raises(BadTenant, match=why):
        create_tenant(key, name="x", timezone=timezone, actor="test", at=at)

    assert not Tenant.objects.exists()


def test_a_key_of_a_tenant_is_taken_once(acme: Tenant, at: datetime) -> None:
    with pytest.raises(BadTenant, match="there is a tenant 'acme' already"):
        create_tenant("acme", name="Another", actor="test", at=at)


def test_an_issued_key_is_stored_without_its_secret(acme: Tenant, at: datetime) -> None:
    issued = issue_key(acme.id, mode="test", scopes=["send", "read", "send"], name="shop", actor="command:x", at=at)

    row, text = ApiKey.objects.get(), parse(issued.text)
    assert text is not None
    assert (row.id, row.mode, row.scopes, row.name) == (issued.id, "test", ["send", "read"], "shop")
    assert row.public_id == text.public_id == issued.public_id
    assert text.secret.encode() not in bytes(row.secret_hash)
    assert ("command:x", "api_key.issued", f"key:{issued.public_id}") in trail()


def test_what_key_cannot_be_issued(acme: Tenant, at: datetime) -> None:
    with pytest.raises(BadKey, match="opens nothing"):
        issue_key(acme.id, mode="live", scopes=[], actor="test", at=at)
    with pytest.raises(UnknownScope, match="no scope 'root'"):
        issue_key(acme.id, mode="live", scopes=["root"], actor="test", at=at)
    with pytest.raises(BadKey, match="no mode 'prod'; known: live, test"):
        issue_key(acme.id, mode="prod", scopes=["read"], actor="test", at=at)
    with pytest.raises(BadKey, match="cannot expire before"):
        issue_key(acme.id, mode="live", scopes=["read"], expires_at=at, actor="test", at=at)

    assert not ApiKey.objects.exists()


def test_revoking_twice_is_revoking_once(acme: Tenant, at: datetime) -> None:
    issue_key(acme.id, mode="live", scopes=["read"], actor="test", at=at)
    key = ApiKey.objects.get()

    assert revoke_key(key, actor="first", at=at)
    assert not revoke_key(key, actor="second", at=at + timedelta(hours=1))

    key.refresh_from_db()
    assert key.revoked_at == at
    assert [line for line in trail() if line[1] == "api_key.revoked"] == [
        ("first", "api_key.revoked", f"key:{key.public_id}")
    ]
