from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audience.models import Recipient, Segment, SegmentMember
from audience.selectors import segment_page, segment_sizes
from audience.services import erase
from tenants.scope import tenant_scope

Api = Callable[..., object]


def codes(answer) -> set[tuple[str, str]]:
    assert answer.status_code == 422, answer.content
    return {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


@pytest.fixture
def five(api: Api) -> list[str]:
    """Five people in the list `vip`."""
    names = [f"user-{number}" for number in range(5)]
    api("POST", "/recipients/bulk", {"recipients": [{"id": name} for name in names]})
    api("PUT", "/segments/vip", {"name": "Very important"})
    assert api("POST", "/segments/vip/members", {"add": names}).json() == {"added": 5, "removed": 0}
    return names


def test_a_segment_is_created_once_and_renamed(api: Api) -> None:
    created = api("PUT", "/segments/vip", {"name": "VIP"})
    renamed = api("PUT", "/segments/vip", {"name": "Very important"})

    assert (created.status_code, renamed.status_code) == (201, 200)
    assert created["Location"] == "/api/v1/segments/vip"
    body = renamed.json()
    assert (body["key"], body["name"], body["kind"], body["member_count"]) == ("vip", "Very important", "static", 0)
    assert [row["key"] for row in api("GET", "/segments").json()["results"]] == ["vip"]


@pytest.mark.parametrize("key", ["preview", "-vip", "a%20b", "x" * 101, "%C3%A4"])
def test_a_key_that_cannot_be_one_is_refused(api: Api, key: str) -> None:
    assert codes(api("PUT", f"/segments/{key}", {})) == {("/key", "invalid_key")}


@pytest.mark.parametrize("rule", [{"attribute": "plan", "is": "pro"}, None, "plan = pro"])
def test_a_rule_is_refused_by_a_code_of_its_own(api: Api, db: None, rule: object) -> None:
    answer = api("PUT", "/segments/vip", {"name": "VIP", "rule": rule})

    assert codes(answer) == {("/rule", "segment_rules_unsupported")}
    assert answer.json()["code"] == "segment_rules_unsupported"
    assert not Segment.objects.exists()


def test_members_come_and_go_in_bulk(api: Api, five: list[str]) -> None:
    api("PUT", "/recipients/new", {})

    answer = api(
        "POST", "/segments/vip/members", {"add": ["new", "user-0"], "remove": ["user-1", "user-2", "stranger"]}
    )

    assert answer.json() == {"added": 1, "removed": 2}
    assert {row["id"] for row in api("GET", "/segments/vip/members").json()["results"]} == {
        "user-0",
        "user-3",
        "user-4",
        "new",
    }
    assert api("GET", "/segments/vip").json()["member_count"] == 4


def test_an_unknown_member_refuses_the_whole_request(api: Api, five: list[str]) -> None:
    answer = api("POST", "/segments/vip/members", {"add": ["user-0", "stranger", "other"], "remove": ["user-4"]})

    assert codes(answer) == {("/add/1", "recipient_not_found"), ("/add/2", "recipient_not_found")}
    assert SegmentMember.objects.count() == 5


def test_somebody_cannot_come_and_go_at_once(api: Api, five: list[str]) -> None:
    assert codes(api("POST", "/segments/vip/members", {"add": ["user-0"], "remove": ["user-0"]})) == {
        ("/add/0", "conflicting")
    }


def test_a_thousand_members_cost_as_many_statements_as_one(api: Api) -> None:
    names = [f"user-{number}" for number in range(1000)]
    api("POST", "/recipients/bulk", {"recipients": [{"id": name} for name in names]})
    api("PUT", "/segments/one", {})
    api("PUT", "/segments/all", {})

    with CaptureQueriesContext(connection) as one:
        api("POST", "/segments/one/members", {"add": names[:1]})
    with CaptureQueriesContext(connection) as thousand:
        api("POST", "/segments/all/members", {"add": names})

    assert len(one) == len(thousand)
    assert SegmentMember.objects.count() == 1001
    assert api("POST", "/segments/all/members", {"add": [*names, "more"]}).status_code == 422


def test_members_are_listed_in_pages(api: Api, five: list[str]) -> None:
    first = api("GET", "/segments/vip/members?limit=3").json()
    second = api("GET", first["next"].partition("/api/v1")[2]).json()

    assert sorted(row["id"] for row in first["results"] + second["results"]) == five
    assert second["next"] is None


def test_planning_reads_members_in_pages_by_id(api: Api, five: list[str], tenant_id: UUID) -> None:
    vip = Segment.objects.get()
    ids = sorted(Recipient.objects.values_list("id", flat=True))

    with tenant_scope(tenant_id):
        first = segment_page(tenant_id, vip.id, after_recipient_id=None, limit=2)
        second = segment_page(tenant_id, vip.id, after_recipient_id=first[-1], limit=2)
        third = segment_page(tenant_id, vip.id, after_recipient_id=second[-1], limit=2)
        sizes = segment_sizes(tenant_id, ["vip", "nothing"])

    assert [*first, *second, *third] == ids
    assert len(third) == 1
    assert sizes == {"vip": (vip.id, 5)}


def test_somebody_erased_is_on_no_list(api: Api, five: list[str], tenant_id: UUID, at) -> None:
    with tenant_scope(tenant_id):
        erase(tenant_id=tenant_id, external_id="user-0", actor="key:test", at=at)

    assert api("GET", "/segments/vip").json()["member_count"] == 4


def test_deleting_a_list_leaves_its_people(api: Api, five: list[str]) -> None:
    assert api("DELETE", "/segments/vip").status_code == 204
    assert api("DELETE", "/segments/vip").status_code == 204

    assert api("GET", "/segments/vip").status_code == 404
    assert not SegmentMember.objects.exists()
    assert Recipient.objects.count() == 5


def test_a_list_of_another_tenant_is_not_there(api: Api, api_of, five: list[str], other_tenant_id: UUID) -> None:
    theirs = api_of(other_tenant_id, "manage")

    assert theirs("GET", "/segments/vip").status_code == 404
    assert theirs("GET", "/segments/vip/members").status_code == 404
    assert theirs("POST", "/segments/vip/members", {"remove": five}).status_code == 404
    assert theirs("DELETE", "/segments/vip").status_code == 204
    assert theirs("PUT", "/segments/vip", {}).status_code == 201
    assert codes(theirs("POST", "/segments/vip/members", {"add": ["user-0"]})) == {("/add/0", "recipient_not_found")}
    assert api("GET", "/segments/vip").json()["member_count"] == 5
