from datetime import datetime
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import User
from django.test import Client

from audience.models import InboxItem, Recipient, Segment
from audience.services import change_members, deliver_to_inbox, save_segment
from audience.values import InboxItemInput
from tenants.models import AuditEntry
from tenants.scope import tenant_scope


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("olga", "olga@example.org", "secret"))
    return client


@pytest.fixture
def vip(ana, tenant_id: UUID, at: datetime) -> Segment:
    deliver_to_inbox([InboxItemInput(uuid4(), tenant_id, ana.id, uuid4(), "Hello", "World")], at=at)
    with tenant_scope(tenant_id):
        segment, _ = save_segment(tenant_id=tenant_id, key="vip", name="VIP", at=at)
        change_members(segment, add=["ana"], remove=[], at=at)
    return segment


def test_lists_show_addresses_masked(operator: Client, ana) -> None:
    page = operator.get("/admin/audience/recipient/").content.decode()

    assert "a•••@example.org" in page
    assert "ana@example.org" not in page


@pytest.mark.parametrize(("query", "found"), [("an", 1), ("ana@example.org", 1), ("na", 0), ("example.org", 0)])
def test_people_are_found_by_id_or_whole_address(operator: Client, ana, query: str, found: int) -> None:
    page = operator.get("/admin/audience/recipient/", {"q": query})

    assert page.context["cl"].result_count == found


def test_every_page_opens(operator: Client, ana, vip: Segment) -> None:
    item = InboxItem.objects.get()
    for path in (
        f"recipient/{ana.id}/change/",
        f"recipient/{ana.id}/delete/",
        "inboxitem/",
        f"inboxitem/{item.id}/change/",
        "segment/",
        f"segment/{vip.id}/change/",
    ):
        assert operator.get(f"/admin/audience/{path}").status_code == 200, path


def test_the_detail_shows_whole_addresses_but_no_secret(operator: Client, tenant_id: UUID, make_recipient) -> None:
    secret = "whsec_" + "A" * 32
    person = make_recipient(tenant_id, "bob", email="bob@example.org")
    person_endpoint = Recipient.objects.get(id=person.id).endpoints.get()
    person_endpoint.extra = {"secret": secret}
    person_endpoint.save()

    page = operator.get(f"/admin/audience/recipient/{person.id}/change/").content.decode()

    assert "bob@example.org" in page
    assert secret not in page


def test_deleting_is_erasing_and_leaves_a_line_in_the_trail(operator: Client, ana, vip: Segment) -> None:
    answer = operator.post(f"/admin/audience/recipient/{ana.id}/delete/", {"post": "yes"})

    assert answer.status_code == 302
    assert not Recipient.objects.exists()
    assert not InboxItem.objects.exists()
    line = AuditEntry.objects.get(action="recipient.erased")
    assert (line.actor, line.object) == ("user:olga", f"recipient:{ana.id}")


def test_inbox_items_are_only_read(operator: Client, vip: Segment) -> None:
    item = InboxItem.objects.get()

    assert operator.get("/admin/audience/inboxitem/add/").status_code == 403
    assert operator.post(f"/admin/audience/inboxitem/{item.id}/change/", {"title": "x"}).status_code == 403
    assert operator.post(f"/admin/audience/inboxitem/{item.id}/delete/", {"post": "yes"}).status_code == 403
    assert InboxItem.objects.get().title == "Hello"


def test_a_segment_can_be_renamed(operator: Client, vip: Segment) -> None:
    answer = operator.post(f"/admin/audience/segment/{vip.id}/change/", {"name": "Best"})

    assert answer.status_code == 302
    assert Segment.objects.get().name == "Best"
