import json
from datetime import datetime
from uuid import UUID, uuid4

from audience import privacy
from audience.models import Recipient
from audience.services import change_members, deliver_to_inbox, save_segment
from audience.values import InboxItemInput
from tenants.scope import tenant_scope


def test_everything_about_a_person_is_exported_without_secrets(tenant_id: UUID, make_recipient, at: datetime) -> None:
    secret = "whsec_" + "A" * 32
    ana = make_recipient(tenant_id, "ana", email="ana@example.org", locale="fr", attributes={"plan": "pro"})
    Recipient.objects.get().endpoints.update(extra={"secret": secret, "verified": True})
    item = InboxItemInput(uuid4(), tenant_id, ana.id, uuid4(), "Hello", "World")
    deliver_to_inbox([item], at=at)
    with tenant_scope(tenant_id):
        segment, _ = save_segment(tenant_id=tenant_id, key="vip", name="VIP", at=at)
        change_members(segment, add=["ana"], remove=[], at=at)

        exported = privacy.export(tenant_id=tenant_id, external_id="ana")

    assert exported is not None
    assert exported["recipient"] == {
        "id": "ana",
        "locale": "fr",
        "timezone": "",
        "attributes": {"plan": "pro"},
        "created_at": "2026-11-20T12:00:00Z",
        "updated_at": "2026-11-20T12:00:00Z",
    }
    (endpoint,) = exported["endpoints"]
    assert (endpoint["channel"], endpoint["address"], endpoint["extra"]) == (
        "email",
        "ana@example.org",
        {"verified": True},
    )
    assert [(shown["id"], shown["title"]) for shown in exported["inbox"]] == [(str(item.id), "Hello")]
    assert exported["segments"] == ["vip"]
    assert secret not in json.dumps(exported)


def test_nobody_is_exported_for_another_tenant(ana, tenant_id: UUID, other_tenant_id: UUID) -> None:
    with tenant_scope(other_tenant_id):
        assert privacy.export(tenant_id=tenant_id, external_id="ana") is None


def test_a_person_who_was_erased_has_nothing_to_export(ana, tenant_id: UUID, at: datetime) -> None:
    with tenant_scope(tenant_id):
        assert privacy.erase(tenant_id=tenant_id, external_id="ana", actor="user:olga", at=at)
        assert not privacy.erase(tenant_id=tenant_id, external_id="ana", actor="user:olga", at=at)
        assert privacy.export(tenant_id=tenant_id, external_id="ana") is None
