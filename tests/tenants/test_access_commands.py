"""`create_tenant`, `create_key`, `revoke_key`."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from kernel.clock import now
from tenants import keys
from tenants.keys import authenticate
from tenants.models import ApiKey, Tenant
from tenants.rules.key_text import parse

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue().strip()


def test_a_tenant_and_a_key_are_two_commands_away() -> None:
    tenant_id = run("create_tenant", "acme", "--name", "Acme", "--timezone", "Europe/Paris")
    text = run("create_key", "acme", "--scope", "send", "--scope", "read", "--name", "shop", "--mode", "test")

    caller = authenticate(text, at=now())
    assert caller is not None
    assert str(caller.tenant_id) == tenant_id
    assert (caller.mode, caller.scopes) == ("test", {"send", "read"})
    assert ApiKey.objects.get().name == "shop"
    assert Tenant.objects.get().timezone == "Europe/Paris"


def test_a_key_can_expire(acme: Tenant) -> None:
    run("create_key", "acme", "--scope", "read", "--days", "7")

    expires_at = ApiKey.objects.get().expires_at
    assert expires_at is not None
    assert 6.9 < (expires_at - now()).total_seconds() / 86_400 <= 7


def test_a_key_can_be_revoked(acme: Tenant) -> None:
    text = run("create_key", "acme", "--scope", "read")
    key = parse(text)
    assert key is not None

    assert run("revoke_key", key.public_id) == f"crl_live_{key.public_id}… revoked"
    assert run("revoke_key", key.public_id).endswith("was revoked before")

    keys.forget_all()
    assert authenticate(text, at=now()) is None


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("create_tenant", "acme"), "there is a tenant 'acme' already"),
        (("create_tenant", "No"), "is no tenant key"),
        (("create_key", "nobody", "--scope", "read"), "no tenant 'nobody'"),
        (("create_key", "acme", "--scope", "root"), "invalid choice: 'root'"),
        (("create_key", "acme"), "--scope"),
        (("create_key", "acme", "--scope", "read", "--days", "0"), "cannot expire before"),
        (("revoke_key", "nothing0"), "no API key 'nothing0'"),
    ],
)
def test_what_cannot_be_done_is_said(acme: Tenant, arguments: tuple[str, ...], why: str) -> None:
    with pytest.raises(CommandError, match=why):
        run(*arguments)

    assert not ApiKey.objects.exists()
