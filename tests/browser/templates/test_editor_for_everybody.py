"""The editor for people who see little, use the keys, or have a small screen; and how they find it."""

from typing import Any

from playwright import sync_api

from tests.browser.chromium import needs_chromium
from tests.browser.templates.editing import Editor, expect

pytestmark = needs_chromium


def test_texts_stand_out_from_their_ground(page: sync_api.Page, editor: Editor) -> None:
    editor.open_list()
    expect(editor.templates).to_have_count(8)
    faint = in_both_schemes(editor)

    editor.open("order_confirmation")
    editor.subject.fill("{{ nobody }}")
    expect(editor.errors).to_have_count(1)
    faint += in_both_schemes(editor)
    editor.tab("push").click()
    expect(page.locator("#stage .note-card")).to_be_visible()
    faint += in_both_schemes(editor)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    faint += in_both_schemes(editor)

    assert faint == []


def in_both_schemes(editor: Editor) -> list[Any]:
    """What is faint on the page, and in its preview, when all of it is light and when all of it is dark."""
    found: list[Any] = []
    for scheme in ("light", "dark"):
        editor.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        choice = editor.page.locator(f"[data-name=scheme] [data-value={scheme}]")
        if choice.count() and not editor.page.get_by_role("dialog").is_visible():
            choice.click()
        found += editor.faint()
    return found


def test_every_field_has_a_name_and_the_keys_work(page: sync_api.Page, editor: Editor) -> None:
    editor.open("order_confirmation")
    for _ in range(7):
        nameless: Any = page.evaluate(
            "[...document.querySelectorAll('#main input, #main textarea, #main select')]"
            ".filter((each) => !each.labels?.length && !each.getAttribute('aria-label')).map((each) => each.id)"
        )
        assert nameless == []
        page.keyboard.press("Alt+.")
    expect(editor.tab("chat").or_(editor.tab("email"))).to_have_count(2)

    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("Keyboard shortcuts")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+l")
    expect(page.locator("#locale")).to_have_value("ar")


def test_a_small_screen_scrolls_one_way_only(page: sync_api.Page, editor: Editor) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    editor.open("order_confirmation")
    expect(editor.mail.locator("h1")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_admin_leads_to_the_editor(page: sync_api.Page, editor: Editor) -> None:
    page.goto(f"{editor.url}/admin/")
    expect(page.get_by_role("link", name="Notification types").first).to_be_visible()
    editor.look("admin")

    page.get_by_role("link", name="Template editor").click()

    expect(editor.templates).to_have_count(8)
