"""Links lead through us where a type asks for it; who follows them is noted, machines as such."""

import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from audience.services.people import erase
from channels_app.accounts import forget_accounts
from channels_app.channels.sms import SmsContent
from channels_app.models import Report
from events.models import Event
from kernel.clock import now
from notifications.models import Delivery, NotificationType
from notifications.rules.policy import TrackingPolicy
from orchestrator import pipeline
from orchestrator.models import KeptLink
from orchestrator.pages import tracking as page
from orchestrator.rules.tracking_token import TrackedLink
from orchestrator.services import engagement, short_links
from orchestrator.services.claim import claim_deliveries
from orchestrator.services.sending import send_batch
from orchestrator.services.tracking import link_of, tracked
from tests.channels_app.smtp_server import ScriptedServer
from tests.make import a_claimed_delivery, a_notification, a_tenant, recipients
from tests.orchestrator.rules.test_robots import CHROME

pytestmark = pytest.mark.django_db(transaction=True)

SHOP = "https://shop.example/orders/123?from=mail&x=1"
HTML = (
    f'<html><body><a href="{SHOP.replace("&", "&amp;")}">Your order</a>'
    '<a href="https://help.example/" data-notrack>Help</a></body></html>'
)
CONTENT = {"email": {"subject": "Hello", "html": HTML, "text": f"Your order: {SHOP}"}}


@pytest.fixture
def server(settings: Settings) -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    server.start()
    settings.PROVIDER_CREDENTIALS = {"smtp": {"url": server.url}}
    settings.SANDBOX_URL, settings.SANDBOX_SMTP_URL, settings.SANDBOX_LIVE = "", "", False
    forget_accounts()
    yield server
    server.stop()
    forget_accounts()


def send(server: ScriptedServer, *, tracking: dict[str, bool], category: str = "", content: Any = CONTENT) -> str:
    """A mail of a type with this policy goes out a while ago; returns its HTML as it arrived."""
    tenant = a_tenant()
    NotificationType.objects.create(tenant_id=tenant.id, key="order", policy={"tracking": tracking} if tracking else {})
    a_notification(tenant, recipients(tenant, "ana"), content=content, type="order", category=category)
    pipeline.work("plan.high")
    Delivery.objects.update(sent_at=now() - timedelta(minutes=5))
    return html_of(server.received[0].data)


def html_of(mail: bytes) -> str:
    """The page in a mail as it came."""
    body = message_from_bytes(mail, policy=policy.default).get_body(("html",))  # type: ignore[attr-defined]
    return str(body.get_content())


def tracked_path(html: str, settings: Settings) -> str:
    (path,) = re.findall(f'href="{re.escape(settings.PUBLIC_URL)}(/t/[^"]+)"', html)
    return str(path)


def get(path: str, **headers: str) -> HttpResponse:
    answer: HttpResponse = Client().get(path, headers={"User-Agent": CHROME, **headers})
    return answer


def noted() -> list[tuple[str, str, str]]:
    """What the log says of engagement: kind, reason, actor."""
    pipeline.work("receipts")
    rows = Event.objects.filter(detail__has_key="receipt").order_by("id")
    return list(rows.values_list("kind", "reason", "actor"))


def test_nothing_changes_unless_the_type_asks(server: ScriptedServer) -> None:
    assert send(server, tracking={}).strip() == HTML


def test_a_tracked_link_leads_where_it_led_before(server: ScriptedServer, settings: Settings) -> None:
    html = send(server, tracking={"clicks": True})

    answer = get(tracked_path(html, settings))

    assert (answer.status_code, answer["Location"]) == (302, SHOP)
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies
    assert '<a href="https://help.example/" data-notrack>' in html
    assert "/o/" not in html


def test_the_way_out_is_left_alone(server: ScriptedServer, settings: Settings) -> None:
    page = "".join(f'<a href="{settings.PUBLIC_URL}/{place}/abc">Leave</a>' for place in ("u", "p", "t"))

    html = send(server, tracking={"clicks": True}, content={"email": {"subject": "Hello", "html": page}})

    assert html.strip() == page


def test_following_it_is_noted_once_and_proves_that_it_arrived(server: ScriptedServer, settings: Settings) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)

    get(path)
    engagement.forget()  # as in another process
    get(path)

    assert noted() == [("delivery.clicked", "", "recipient")]
    event = Event.objects.get(kind="delivery.clicked")
    assert {name: event.detail[name] for name in ("channel", "receipt", "link", "host")} == {
        "channel": "email", "receipt": "clicked", "link": 1, "host": "shop.example",
    }  # fmt: skip
    assert SHOP not in str(event.detail)
    assert Delivery.objects.get().state == "delivered"


@pytest.mark.parametrize(
    ("method", "headers", "why"),
    [
        pytest.param("HEAD", {"User-Agent": CHROME}, "head_request", id="a look at the head"),
        pytest.param("GET", {"User-Agent": "Googlebot/2.1"}, "robot", id="a robot"),
        pytest.param(
            "GET", {"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender"}, "prefetch", id="ahead of time"
        ),
    ],
)
def test_machines_are_led_on_and_do_not_count(
    server: ScriptedServer, settings: Settings, method: str, headers: dict[str, str], why: str
) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)

    answer = Client().generic(method, path, headers=headers)

    assert (answer.status_code, answer["Location"]) == (302, SHOP)
    assert noted() == [("delivery.reported", "automated", "recipient")]
    assert Event.objects.get(kind="delivery.reported").detail["automated"] == why
    assert Delivery.objects.get().state == "sent"


MANY_LINKS = "".join(f'<a href="https://shop.example/{n}">{n}</a>' for n in range(6))


def test_a_machine_that_looks_at_everything_does_not_hide_the_person(server: ScriptedServer) -> None:
    html = send(server, tracking={"clicks": True}, content={"email": {"subject": "Hello", "html": MANY_LINKS}})
    paths = re.findall(r'href="[^"]+(/t/[^"]+)"', html)

    for path in paths:
        get(path, **{"User-Agent": "Barracuda"})
    get(paths[0])

    assert [kind for kind, _, _ in noted()] == ["delivery.reported", "delivery.clicked"]


def test_who_is_faster_than_a_reader_does_not_count(server: ScriptedServer, settings: Settings) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)
    Delivery.objects.update(sent_at=now())

    get(path)

    assert noted() == [("delivery.reported", "automated", "recipient")]


def test_who_follows_every_link_at_once_does_not_count(server: ScriptedServer) -> None:
    html = send(server, tracking={"clicks": True}, content={"email": {"subject": "Hello", "html": MANY_LINKS}})

    for path in re.findall(r'href="[^"]+(/t/[^"]+)"', html):
        get(path)

    assert [kind for kind, _, _ in noted()] == ["delivery.clicked"] * 2 + ["delivery.reported"]


def test_the_pixel_of_an_opened_mail(server: ScriptedServer, settings: Settings) -> None:
    html = send(server, tracking={"opens": True})
    (path,) = re.findall(f'<img src="{re.escape(settings.PUBLIC_URL)}(/o/[^"]+)"', html)
    assert html.index("<img") < html.index("</body>")
    assert SHOP.replace("&", "&amp;") in html

    answers = [get(path), get(path), get(path, **{"User-Agent": "Mozilla/5.0"})]

    assert {(answer.status_code, answer["Content-Type"], answer["Cache-Control"]) for answer in answers} == {
        (200, "image/gif", "no-store, private")
    }
    assert answers[0].content.startswith(b"GIF89a")
    assert noted() == [("delivery.opened", "", "recipient"), ("delivery.reported", "automated", "recipient")]


def test_what_we_did_not_write_leads_nowhere(db: None) -> None:
    tokens = ("x", "AAAAAAAAAAA", "A" * 5000, "%00", "https:%2F%2Fevil.example")

    answers = [get(place + token) for place in ("/t/", "/o/") for token in tokens]

    assert {answer.status_code for answer in answers} == {404}
    assert not any("Location" in answer for answer in answers)
    assert Report.objects.count() == 0


def test_a_token_for_one_thing_is_none_for_another(server: ScriptedServer, settings: Settings) -> None:
    html = send(server, tracking={"clicks": True, "opens": True}, category="news")
    link, pixel = re.search(r"/t/([^\"]+)", html), re.search(r"/o/([^\"]+)", html)
    assert link
    assert pixel
    unsubscribe = re.search(rb"/u/([\w-]+)", server.received[0].data.replace(b"\r\n ", b""))
    assert unsubscribe

    others = [f"/t/{pixel[1]}", f"/t/{unsubscribe[1].decode()}", f"/o/{link[1]}", f"/u/{link[1]}", f"/u/{pixel[1]}"]

    assert {get(path).status_code for path in others} == {404}


def test_links_are_only_followed(server: ScriptedServer, settings: Settings) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)

    answers = [Client().generic(method, path) for method in ("POST", "PUT", "DELETE", "OPTIONS")]

    assert {(answer.status_code, answer["Allow"]) for answer in answers} == {(405, "GET, HEAD")}
    assert noted() == []


def test_an_answer_needs_no_database(
    server: ScriptedServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)

    def out(*_: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(page, "note_click", out)
    with CaptureQueriesContext(connection) as asked:
        answer = get(path)

    assert (answer.status_code, answer["Location"], len(asked)) == (302, SHOP, 0)


@pytest.mark.parametrize("agent", [CHROME, "Googlebot/2.1"])
def test_what_the_whole_world_follows_costs_nothing_after_the_first_time(
    server: ScriptedServer, settings: Settings, agent: str
) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)
    get(path, **{"User-Agent": agent})

    with CaptureQueriesContext(connection) as asked:
        answer = get(path, **{"User-Agent": agent})

    assert (answer.status_code, len(asked)) == (302, 0)


def test_noting_a_visit_takes_two_statements(server: ScriptedServer, settings: Settings) -> None:
    path = tracked_path(send(server, tracking={"clicks": True}), settings)

    with CaptureQueriesContext(connection) as asked:
        get(path)

    statements = [query["sql"] for query in asked if not query["sql"].startswith(("BEGIN", "COMMIT", "SAVEPOINT"))]
    assert len(statements) == 2, statements


def test_a_second_attempt_sends_the_very_same_links(server: ScriptedServer, settings: Settings) -> None:
    server.answers["dot"] = ["451 4.3.0 later", "250 ok"]
    tenant = a_tenant()
    NotificationType.objects.create(tenant_id=tenant.id, key="order", policy={"tracking": {"clicks": True}})
    a_notification(tenant, recipients(tenant, "ana"), content=CONTENT, type="order")
    pipeline.work("plan.high")
    Delivery.objects.update(due_at=now())
    pipeline.work("retry")

    first, second = (re.findall(rb"/t/[\w=\r\n-]+", mail.data) for mail in server.received[:2])

    assert first == second != []


def test_everybody_gets_links_of_their_own_and_it_costs_no_statement_more(
    server: ScriptedServer, settings: Settings
) -> None:
    tenant = a_tenant()
    people = recipients(tenant, *(f"p{n}" for n in range(5)))
    for key, asks in (("plain", {}), ("order", {"tracking": {"clicks": True, "opens": True}})):
        NotificationType.objects.create(tenant_id=tenant.id, key=key, policy=asks)
    statements = {}
    for key in ("plain", "order", "plain", "order"):  # the second time nothing is looked up for the first time
        a_notification(tenant, people, content=CONTENT, type=key)
        pipeline.plan(1)
        claimed = claim_deliveries(1, limit=5)
        with CaptureQueriesContext(connection) as asked:
            send_batch(claimed)
        statements[key] = [query["sql"].split("(")[0][:60] for query in asked]

    assert statements["order"] == statements["plain"]
    assert not any("keptlink" in statement for statement in statements["order"])
    paths = [tracked_path(html_of(mail.data), settings) for mail in server.received[-5:]]
    found = [link_of(path.removeprefix("/t/")) for path in paths]
    assert {link.delivery_id for link, _ in filter(None, found)} == {delivery.id for delivery in claimed}


TEXT = f"Your order: {SHOP}. Bells: http://b.example"


def text_sent(*, tracking: dict[str, bool]) -> str:
    """An SMS to Ana, of a type with this policy."""
    tenant = a_tenant()
    (person,) = recipients(tenant, "ana").values()
    delivery = a_claimed_delivery(tenant_id=tenant.id, recipient_id=person, channel="sms")
    (content,) = tracked([(delivery, TrackingPolicy(**tracking), SmsContent(body=TEXT))])
    assert isinstance(content, SmsContent)
    return content.body


def test_links_in_text_messages_become_short(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://c.example"

    body = text_sent(tracking={"shorten": True, "clicks": True})

    kept = KeptLink.objects.get()
    assert body == f"Your order: https://c.example/t/{kept.code}. Bells: http://b.example"
    assert (kept.address, kept.number, kept.counts, len(kept.code)) == (SHOP, 1, True, 11)
    answer = get(f"/t/{kept.code}")
    assert (answer.status_code, answer["Location"]) == (302, SHOP)
    assert get(f"/t/{kept.code[::-1]}").status_code == 404


@pytest.mark.parametrize(
    ("policy", "short"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"clicks": True, "opens": True}, False, id="tracking alone"),
        pytest.param({"shorten": True}, True, id="short, not counted"),
    ],
)
def test_text_messages_change_only_to_become_shorter(
    settings: Settings, policy: dict[str, bool], *, short: bool
) -> None:
    settings.PUBLIC_URL = "https://c.example"

    assert ("/t/" in text_sent(tracking=policy)) is short

    assert list(KeptLink.objects.values_list("counts", flat=True)) == [False] * short


def test_what_is_short_and_not_counted_is_not_noted(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://c.example"
    text_sent(tracking={"shorten": True})

    assert get(f"/t/{KeptLink.objects.get().code}").status_code == 302

    assert Report.objects.count() == 0


def test_short_links_work_for_a_year_and_longer(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://c.example"
    text_sent(tracking={"shorten": True})

    assert short_links.purge(at=now() + short_links.KEPT - timedelta(minutes=1), limit=10) == 0
    assert short_links.purge(at=now() + short_links.KEPT + timedelta(minutes=1), limit=10) == 1


def test_a_short_link_goes_with_its_recipient_and_none_is_made_for_who_is_gone(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://c.example"
    body = text_sent(tracking={"shorten": True})
    kept = KeptLink.objects.get()
    assert erase(tenant_id=kept.tenant_id, external_id="ana", actor="test", at=now())

    link = TrackedLink(kept.delivery_id, 1, SHOP)
    short_links.keep([short_links.ShortLink(kept.code, kept.tenant_id, kept.recipient_id, link, counts=True)])

    assert KeptLink.objects.count() == 0
    assert get(f"/t/{kept.code}").status_code == 404
    assert kept.code in body
