from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from audience.models import InboxItem
from audience.services import deliver_to_inbox
from audience.tokens import issue
from audience.values import InboxItemInput
from events.models import Event
from kernel.clock import now
from kernel.ids import uuid7

Api = Callable[..., object]


@pytest.fixture
def put(ana, at: datetime) -> Callable[..., UUID]:
    """`put(minutes, **facts)`: an item that came into Ana's inbox so many minutes after `at`."""

    def put_item(minutes: int = 0, **facts: object) -> UUID:
        item = InboxItemInput(
            id=uuid7(at - timedelta(days=minutes)),  # the later it came, the older its notification
            tenant_id=ana.tenant_id,
            recipient_id=ana.id,
            notification_id=uuid4(),
            title=f"Item {minutes}",
            body="Hello",
            **facts,
        )
        assert deliver_to_inbox([item], at=at + timedelta(minutes=minutes)).new == {item.id}
        return item.id

    return put_item


def ids_of(page: dict[str, list[dict[str, str]]]) -> list[UUID]:
    return [UUID(row["id"]) for row in page["results"]]


def test_the_newest_arrival_comes_first_however_old_its_notification(my_api: Api, put) -> None:
    items = [put(minutes) for minutes in range(3)]

    answer = my_api("GET", "/inbox")

    assert answer.status_code == 200
    assert ids_of(answer.json()) == items[::-1]
    assert answer.json()["results"][0] == {
        "id": str(items[2]),
        "notification_id": str(InboxItem.objects.get(id=items[2]).notification_id),
        "title": "Item 2",
        "body": "Hello",
        "url": "",
        "icon": "",
        "actions": [],
        "category": "",
        "created_at": "2026-11-20T12:02:00Z",
        "seen_at": None,
        "read_at": None,
        "archived_at": None,
    }


def test_pages_go_on_and_back_also_among_items_of_one_moment(my_api: Api, put) -> None:
    items = {put(minutes // 2) for minutes in range(7)}

    pages = [my_api("GET", "/inbox?limit=3").json()]
    while pages[-1]["next"]:
        pages.append(my_api("GET", pages[-1]["next"].partition("/api/v1")[2]).json())
    back = my_api("GET", pages[-1]["previous"].partition("/api/v1")[2]).json()

    seen = [id for page in pages for id in ids_of(page)]
    assert [len(page["results"]) for page in pages] == [3, 3, 1]
    assert set(seen) == items
    assert ids_of(back) == ids_of(pages[1])
    assert pages[0]["previous"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=AAAA", "unread=perhaps", "colour=red"]
)
def test_a_bad_query_is_refused(my_api: Api, query: str) -> None:
    answer = my_api("GET", f"/inbox?{query}")

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"/{query.partition('=')[0]}"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"new", "seen", "read", "news"}),
        ("unread=true", {"new", "seen", "news"}),
        ("unread=false", {"read"}),
        ("unseen=true", {"new", "news"}),
        ("unseen=false", {"seen", "read"}),
        ("archived=true", {"archived"}),
        ("archived=false", {"new", "seen", "read", "news"}),
        ("archived=true&unread=false", set()),
        ("category=news", {"news"}),
        ("category=news&unseen=false", set()),
    ],
)
def test_an_inbox_is_narrowed(my_api: Api, put, query: str, found: set[str]) -> None:
    names = {put(0): "new", put(1): "seen", put(2): "read", put(3): "archived", put(4, category="news"): "news"}
    by_name = {name: id for id, name in names.items()}
    my_api("POST", f"/inbox/{by_name['seen']}/seen")
    my_api("POST", f"/inbox/{by_name['read']}/read")
    my_api("POST", f"/inbox/{by_name['archived']}/archive")

    assert {names[id] for id in ids_of(my_api("GET", f"/inbox?{query}").json())} == found


def test_counts_leave_the_archive_out(my_api: Api, put) -> None:
    items = [put(minutes) for minutes in range(4)]
    my_api("POST", f"/inbox/{items[0]}/seen")
    my_api("POST", f"/inbox/{items[1]}/read")
    my_api("POST", f"/inbox/{items[2]}/archive")

    assert my_api("GET", "/inbox/counts").json() == {"total": 3, "unseen": 1, "unread": 2}


def test_an_empty_inbox_counts_zero(my_api: Api) -> None:
    assert my_api("GET", "/inbox/counts").json() == {"total": 0, "unseen": 0, "unread": 0}


def test_reading_is_seeing_and_both_are_in_the_log_once(my_api: Api, put, ana) -> None:
    item = put()

    first = my_api("POST", f"/inbox/{item}/read").json()
    again = my_api("POST", f"/inbox/{item}/read").json()

    assert first == again
    assert first["seen_at"] == first["read_at"] != None  # noqa: E711 - the three are one claim
    row = InboxItem.objects.get()
    lines = (
        Event.objects.filter(delivery_id=item)
        .order_by("id")
        .values_list("kind", "notification_id", "actor", "tenant_id")
    )
    assert list(lines) == [
        (kind, row.notification_id, f"recipient:{ana.id}", ana.tenant_id) for kind in ("inbox.seen", "inbox.read")
    ]


def test_everything_can_be_taken_back_but_having_seen(my_api: Api, put) -> None:
    item = put()

    for action in ("read", "archive", "unread", "unarchive", "unarchive"):
        assert my_api("POST", f"/inbox/{item}/{action}").status_code == 200

    row = InboxItem.objects.get()
    assert row.seen_at is not None
    assert (row.read_at, row.archived_at) == (None, None)
    assert list(Event.objects.order_by("at", "id").values_list("kind", flat=True)) == [
        "inbox.seen",
        "inbox.read",
        "inbox.archived",
        "inbox.unread",
        "inbox.unarchived",
    ]


def test_seeing_all_leaves_the_archive_and_what_was_seen(my_api: Api, put) -> None:
    items = [put(minutes) for minutes in range(4)]
    my_api("POST", f"/inbox/{items[0]}/seen")
    my_api("POST", f"/inbox/{items[1]}/archive")

    assert my_api("POST", "/inbox/seen-all").json() == {"changed": 2}
    assert my_api("POST", "/inbox/seen-all").json() == {"changed": 0}
    assert my_api("GET", "/inbox/counts").json() == {"total": 3, "unseen": 0, "unread": 3}
    assert Event.objects.filter(kind="inbox.seen").count() == 3


def test_reading_all_sees_what_was_unseen(my_api: Api, put) -> None:
    items = [put(minutes) for minutes in range(3)]
    my_api("POST", f"/inbox/{items[0]}/seen")

    assert my_api("POST", "/inbox/read-all").json() == {"changed": 3}
    assert my_api("GET", "/inbox/counts").json() == {"total": 3, "unseen": 0, "unread": 0}
    assert Event.objects.filter(kind="inbox.seen").count() == 3
    assert Event.objects.filter(kind="inbox.read").count() == 3


def test_somebody_elses_item_is_not_there(
    my_api: Api, put, make_recipient, tenant_id: UUID, other_tenant_id: UUID, at: datetime
) -> None:
    for owner in (make_recipient(tenant_id, "bob"), make_recipient(other_tenant_id, "ana")):
        item = InboxItemInput(uuid4(), owner.tenant_id, owner.id, uuid4(), "Private", "Hello")
        deliver_to_inbox([item], at=at)

        for action in ("seen", "read", "unread", "archive", "unarchive"):
            assert my_api("POST", f"/inbox/{item.id}/{action}").status_code == 404
        assert my_api("GET", "/inbox").json()["results"] == []
        my_api("POST", "/inbox/read-all")
        assert InboxItem.objects.get(id=item.id).seen_at is None
    assert not Event.objects.exists()


def test_an_api_key_does_not_open_ones_own_inbox(api: Api) -> None:
    assert api("GET", "/inbox").status_code == 401


@pytest.mark.parametrize(
    ("credential", "says"),
    [
        ("crt_nonsense", "not issued here"),
        ("", "Bearer"),
        ("nonsense", "begins with crt_"),
    ],
)
def test_what_is_no_token_opens_nothing(my_api: Api, credential: str, says: str) -> None:
    answer = type(my_api)(credential)("GET", "/inbox")

    assert answer.status_code == 401
    assert says in answer.json()["detail"]
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_an_expired_or_changed_token_opens_nothing(my_api: Api, ana) -> None:
    old = issue(ana.tenant_id, ana.id, seconds=60, at=now() - timedelta(seconds=62)).text
    mine = my_api.credential

    assert "expired" in type(my_api)(old)("GET", "/inbox").json()["detail"]
    assert type(my_api)(mine[:-1] + ("A" if mine[-1] != "A" else "B"))("GET", "/inbox").status_code == 401
    assert type(my_api)(mine)("GET", "/inbox").status_code == 200


def test_a_moment_of_long_ago_can_be_a_cursor(my_api: Api, put) -> None:
    put()
    InboxItem.objects.update(created_at=datetime(1969, 1, 1, tzinfo=UTC))
    put(1)

    first = my_api("GET", "/inbox?limit=1").json()
    second = my_api("GET", first["next"].partition("/api/v1")[2]).json()
    back = my_api("GET", second["previous"].partition("/api/v1")[2]).json()

    assert second["results"][0]["created_at"] == "1969-01-01T00:00:00Z"
    assert ids_of(back) == ids_of(first)
