"""The sandbox's mailbox page in a real Chromium: reading, keys, live updates, and that no mail can run anything."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright import sync_api

from tests.browser.axe import axe_findings
from tests.browser.chromium import needs_chromium
from tests.channels_app.sandbox.process import SandboxProcess, make_mail

pytestmark = needs_chromium
CODE = "parent.document.title='hacked';document.title='hacked'"
OUR_SCRIPTS = 2
ATTACK = f'<img src=x onerror="{CODE}"><script>{CODE}</script>'


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    running = SandboxProcess(tmp_path_factory.mktemp("sandbox-page") / "state").start()
    yield running
    running.stop()


@pytest.fixture
def sandbox(process: SandboxProcess) -> SandboxProcess:
    process.clear()
    return process


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[SandboxProcess]:
    running = SandboxProcess(tmp_path / "state").start()
    yield running
    running.kill()


@pytest.fixture
def page(sandbox: SandboxProcess, browser: sync_api.Browser) -> Iterator[sync_api.Page]:
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=sandbox.url.removesuffix("/sandbox/"))
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert errors == []


def fill(sandbox: SandboxProcess, *subjects: str) -> None:
    for number, subject in enumerate(subjects):
        sandbox.send(
            f"user{number}@example.org", subject=subject, html=f"<h1>{subject}</h1>", delivery_id=f"d-{number}"
        )


def subject_is(page: sync_api.Page, subject: str) -> None:
    sync_api.expect(page.locator("#subject")).to_have_text(subject)


def test_an_empty_mailbox_says_what_to_do(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    page.goto(sandbox.url)

    empty = page.locator("#empty")
    sync_api.expect(empty).to_contain_text("No messages yet")
    sync_api.expect(empty).to_contain_text(f"127.0.0.1:{sandbox.smtp_port}")


def test_a_message_can_be_read_in_every_way(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    html = '<h1 style="color: rgb(1, 2, 3)">Hello Ana</h1><a href="https://shop.example/u/1">Unsubscribe</a>'
    sandbox.send("ana@example.org", subject="Your order", text="Plain words\n", html=html, delivery_id="d-1")
    page.goto(sandbox.url)

    subject_is(page, "Your order")
    heading = page.frame_locator("#panel iframe").locator("h1")
    sync_api.expect(heading).to_have_text("Hello Ana")
    assert heading.evaluate("node => getComputedStyle(node).color") == "rgb(1, 2, 3)"
    for tab, words in {
        "Text": "Plain words",
        "Headers": "X-Carillon-Delivery-Id",
        "Raw": "Content-Type: multipart/alternative",
        "Links": "https://shop.example/u/1",
        "Payload": '"receipts": []',
    }.items():
        page.get_by_role("tab", name=tab).click()
        sync_api.expect(page.locator("#panel")).to_contain_text(words)


def test_new_messages_arrive_by_themselves(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "first")
    page.goto(sandbox.url)
    subject_is(page, "first")

    fill(sandbox, "second")

    sync_api.expect(page.locator(".row")).to_have_count(2)
    sync_api.expect(page.locator(".row").first).to_contain_text("second")
    subject_is(page, "first")
    sync_api.expect(page.locator("#accepted-count")).to_have_text("2")


def test_a_paused_list_stands_still(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "first")
    page.goto(sandbox.url)
    subject_is(page, "first")
    page.locator("#live").click()

    fill(sandbox, "second")

    sync_api.expect(page.locator("#accepted-count")).to_have_text("2")
    sync_api.expect(page.locator(".row")).to_have_count(1)
    page.locator("#live").click()
    sync_api.expect(page.locator(".row")).to_have_count(2)


def test_keys_move_search_and_copy(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "one", "two", "three")
    page.goto(sandbox.url)
    subject_is(page, "three")

    page.keyboard.press("j")
    subject_is(page, "two")
    page.keyboard.press("ArrowDown")
    subject_is(page, "one")
    page.keyboard.press("k")
    subject_is(page, "two")
    page.keyboard.press("c")
    sync_api.expect(page.locator("#toast")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "d-1"
    page.keyboard.press("2")
    sync_api.expect(page.get_by_role("tab", name="Text")).to_have_attribute("aria-selected", "true")

    page.keyboard.press("/")
    page.keyboard.type("one")
    sync_api.expect(page.locator(".row")).to_have_count(1)
    subject_is(page, "one")


def test_single_keys_can_be_switched_off(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "one", "two")
    page.goto(sandbox.url)
    subject_is(page, "two")
    page.keyboard.press("?")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.keyboard.press("Escape")

    page.keyboard.press("j")

    page.wait_for_timeout(200)
    subject_is(page, "two")


def test_clearing_asks_first(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "one")
    page.goto(sandbox.url)
    subject_is(page, "one")

    page.locator("#open-clear").click()
    page.get_by_role("button", name="Keep them").click()
    assert len(sandbox.messages()) == 1
    page.locator("#open-clear").click()
    page.get_by_role("dialog").get_by_role("button", name="Clear all").click()

    sync_api.expect(page.locator("#empty")).to_contain_text("No messages yet")
    assert sandbox.messages() == []


def test_a_clear_by_somebody_else_empties_the_page(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "one")
    page.goto(sandbox.url)
    subject_is(page, "one")

    sandbox.api("DELETE", "messages")

    sync_api.expect(page.locator("#empty")).to_contain_text("No messages yet")
    sync_api.expect(page.locator("#message")).to_be_hidden()


def test_the_page_says_when_the_sandbox_is_gone_and_finds_it_again(
    own_sandbox: SandboxProcess, browser: sync_api.Browser
) -> None:
    fill(own_sandbox, "one")
    page = browser.new_page()
    page.goto(own_sandbox.url)
    subject_is(page, "one")

    own_sandbox.kill()
    sync_api.expect(page.locator("#trouble")).to_contain_text("does not answer")
    own_sandbox.start()
    fill(own_sandbox, "two")

    sync_api.expect(page.locator("#trouble")).to_be_hidden()
    sync_api.expect(page.locator(".row")).to_have_count(2)
    page.close()


def test_behaviours_are_added_corrected_and_removed(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    page.goto(sandbox.url)
    page.keyboard.press("b")
    page.locator("#rule-do").select_option("error")
    page.get_by_label("To", exact=True).fill("*@slow.example")
    page.get_by_role("textbox", name="Status").fill("not a number")
    page.get_by_role("button", name="Add behaviour").click()
    sync_api.expect(page.locator("#rule-fault")).to_contain_text("status: expected a whole number")
    assert sandbox.get("behaviours") == []

    page.get_by_role("textbox", name="Status").fill("503")
    page.get_by_role("button", name="Add behaviour").click()
    sync_api.expect(page.locator("#rules li")).to_contain_text("error 503 to *@slow.example")
    assert sandbox.get("behaviours") == [{"do": "error", "to": "*@slow.example", "status": 503}]

    page.get_by_role("button", name=re.compile("Remove behaviour 1")).click()
    sync_api.expect(page.locator("#rules li")).to_have_count(0)
    assert sandbox.get("behaviours") == []


def test_what_was_turned_away_is_shown_with_its_reason(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    sandbox.behave({"do": "throttle", "retry_after": 9})
    sandbox.answer_to("busy@example.org", subject="Too many")
    page.goto(sandbox.url)

    page.get_by_role("button", name=re.compile("Turned away")).click()

    subject_is(page, "Too many")
    sync_api.expect(page.locator("#facts")).to_contain_text("retry_after=9")


def test_a_small_screen_shows_one_pane_at_a_time(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "one")
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(sandbox.url)
    sync_api.expect(page.locator("#detail")).to_be_hidden()

    page.locator(".row").click()
    subject_is(page, "one")
    sync_api.expect(page.locator("#list")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Back to the list").click()

    sync_api.expect(page.locator("#list")).to_be_visible()


@pytest.mark.parametrize("tab", ["HTML", "Text", "Headers", "Raw", "Links", "Payload"])
def test_no_part_of_a_mail_can_run_script(sandbox: SandboxProcess, page: sync_api.Page, tab: str) -> None:
    mail = make_mail(
        "a@example.org", subject=ATTACK, text=ATTACK + "\n", delivery_id=ATTACK, headers=[("X-Evil", ATTACK)]
    )
    mail.add_alternative(
        f'<a href="javascript:{ATTACK}">x</a><a href="https://x.example/{ATTACK}">{ATTACK}</a>{ATTACK}', subtype="html"
    )
    mail.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=f"{ATTACK}.bin")
    with sandbox.smtp() as client:
        client.send_message(mail, "s@example.org", ["a@example.org"])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(sandbox.url)
    subject_is(page, ATTACK)

    page.get_by_role("tab", name=tab).click()
    page.wait_for_timeout(400)

    assert page.title() == "(1) Carillon sandbox"
    assert page.locator("script").count() == OUR_SCRIPTS
    assert page.locator("img").count() == 0
    assert [frame.title() for frame in page.frames[1:]] in ([], [""])
    assert [url for url in asked if not url.startswith(sandbox.url) and not url.startswith("data:")] == []


def test_a_frame_of_a_mail_is_behind_both_walls(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    fill(sandbox, "one")
    page.goto(sandbox.url)

    frame = page.locator("#panel iframe")

    sync_api.expect(frame).to_have_attribute("sandbox", "")
    with pytest.raises(sync_api.Error, match=r"Content Security Policy|Trusted"):
        page.evaluate("document.body.innerHTML = '<b>x</b>'")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_from_their_ground(sandbox: SandboxProcess, page: sync_api.Page, scheme: str) -> None:
    fill(sandbox, "one", "two")
    sandbox.behave({"do": "bounce", "to": "*"}, {"do": "error", "times": 0})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(sandbox.url)
    subject_is(page, "two")
    page.get_by_role("tab", name="Headers").click()

    faint = axe_findings(page)
    page.keyboard.press("b")
    sync_api.expect(page.locator("#rules li")).to_have_count(2)
    faint += axe_findings(page)

    assert faint == []


def seen(sandbox: SandboxProcess, page: sync_api.Page, item: dict[str, object]) -> sync_api.Locator:
    """An inbox item as its person sees it."""
    status, _, _ = sandbox.request("POST", "/in_app/items", json.dumps({"items": [item]}).encode())
    assert status == 200
    page.goto(sandbox.url)
    subject_is(page, str(item["title"]))
    return page.locator("#panel .card")


def test_an_inbox_item_looks_like_one(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    actions = [{"title": "Track", "url": "/track"}]
    card = seen(sandbox, page, {"to": "ana", "title": "Shipped", "body": f"Soon {ATTACK}", "actions": actions})

    sync_api.expect(card.locator(".card-title")).to_have_text("Shipped")
    sync_api.expect(card.locator(".card-body")).to_have_text(f"Soon {ATTACK}")
    sync_api.expect(card.locator(".card-action")).to_have_text(["Track"])
    sync_api.expect(page.get_by_role("tab", name="Device")).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_a_person_sees_stands_out_from_its_ground(
    sandbox: SandboxProcess, page: sync_api.Page, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    seen(sandbox, page, {"to": "ana", "title": "Shipped", "body": "Soon", "url": "/orders/1"})

    assert axe_findings(page) == []


def test_a_provider_is_switched_off_and_on_with_one_button(sandbox: SandboxProcess, page: sync_api.Page) -> None:
    page.goto(sandbox.url)
    sync_api.expect(page.locator("#live")).to_have_attribute("data-state", "live")
    page.keyboard.press("b")
    button = page.locator("#outage-buttons button", has_text="smtp")

    button.click()

    sync_api.expect(button).to_have_attribute("aria-pressed", "true")
    assert sandbox.get("behaviours") == [{"do": "error", "status": 451, "provider": "smtp", "to": "*"}]
    sync_api.expect(button).to_be_focused()
    button.press("Enter")
    sync_api.expect(button).to_have_attribute("aria-pressed", "false")
    assert sandbox.get("behaviours") == []
