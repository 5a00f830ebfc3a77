"""Writing in the editor, in a real Chromium: begin, break it, fix it, publish, compare, roll back."""

from playwright import sync_api

from templates_app.selectors import template_of, versions_of
from tenants.models import AuditEntry, Tenant
from tenants.scope import platform_scope
from tests.browser.chromium import needs_chromium
from tests.browser.templates.editing import Editor, expect

pytestmark = needs_chromium


def test_the_list_says_how_each_template_stands(page: sync_api.Page, editor: Editor) -> None:
    editor.open_list()

    card = page.locator("[data-key=welcome]")
    expect(editor.templates).to_have_count(8)
    expect(card).to_contain_text("version 1 in use")
    expect(card).to_contain_text("comes with Carillon")
    expect(card).to_contain_text("ar, de, default, fr")

    page.get_by_label("Find a template").fill("welc")
    expect(editor.templates).to_have_count(1)
    card.click()
    expect(page.locator(".title h1")).to_have_text("Welcome")


def test_write_break_fix_publish_compare_and_roll_back(page: sync_api.Page, editor: Editor, tenant: Tenant) -> None:
    editor.open("welcome")
    subject = editor.subject
    expect(editor.mail.locator("h1")).to_have_text("Good to have you here")

    subject.fill("Hello {{ frist_name }}")
    expect(editor.errors).to_contain_text("did you mean 'first_name'?")
    page.locator("#save").click()
    expect(page.locator("#trouble")).to_contain_text("cannot be saved yet")
    editor.errors.first.click()
    expect(subject).to_be_focused()

    subject.fill("Hello {{ first_name }}")
    expect(page.locator(".mail-head .subject")).to_have_text("Hello Ana")
    expect(editor.errors).to_have_count(0)
    editor.publish("A shorter subject")
    editor.says("Version 1 is in use")

    subject.fill("Good day, {{ first_name }}")
    page.keyboard.press("Control+s")
    editor.says("Draft saved")
    page.keyboard.press("Control+Enter")
    editor.answer("Publish", note="More formal")
    editor.says("Version 2 is in use")

    editor.tab("Versions").click()
    newest = page.locator("[data-version='2']")
    expect(newest).to_contain_text("More formal")
    expect(newest).to_contain_text("by eve")
    newest.get_by_role("button", name="What changed").click()
    expect(page.locator(".diff td.went")).to_contain_text("Hello {{ first_name }}")
    expect(page.locator(".diff td.came")).to_contain_text("Good day, {{ first_name }}")
    page.get_by_role("button", name="Close").click()

    page.locator("[data-version='1']").get_by_role("button", name="Roll back").click()
    editor.answer("Roll back", note="Too formal")

    expect(page.locator("[data-version='3']")).to_contain_text("says version 1 again")
    editor.tab("Words").click()
    expect(subject).to_have_value("Hello {{ first_name }}")
    with platform_scope():
        template = template_of(tenant.id, "welcome")
        assert template is not None
        rows = versions_of(template).order_by("number")
        assert [(row.number, row.note, row.publisher) for row in rows] == [
            (1, "A shorter subject", "user:eve"),
            (2, "More formal", "user:eve"),
            (3, "Too formal", "user:eve"),
        ]
        trail = AuditEntry.objects.filter(tenant=tenant, action__startswith="template.").order_by("id")
        assert list(trail.values_list("action", flat=True)) == [
            "template.saved", "template.published", "template.saved", "template.published", "template.rolled_back",
        ]  # fmt: skip


def test_a_new_template_in_two_languages_from_nothing(page: sync_api.Page, editor: Editor) -> None:
    editor.open_list()
    page.get_by_role("button", name="New template").click()
    editor.answer("Begin", key="parcel")
    editor.tab("Variables").click()
    page.locator("#field-variables").fill('{"type": "object", "properties": {"parcel": {"type": "string"}}')
    expect(page.locator(".field .fault")).to_contain_text("no JSON yet")
    page.locator("#field-variables").fill('{"type": "object", "properties": {"parcel": {"type": "string"}}}')
    editor.tab("Example data").click()
    page.locator("#field-example_data").fill('{"parcel": "P-1"}')
    editor.tab("Words").click()

    editor.tab("sms").click()
    page.get_by_role("button", name="Write it").click()
    page.get_by_label("Message").fill("Parcel {{ parcel }} is here.")
    expect(page.locator("#stage .bubble")).to_have_text("Parcel P-1 is here.")
    expect(page.locator("#stage .cost")).to_have_text("1 segment")
    page.locator("#add-locale").click()
    editor.answer("Add", locale="ar")
    page.get_by_role("button", name="Begin with a copy").click()
    page.get_by_label("Message").fill("وصل الطرد {{ parcel }}.")
    expect(page.locator("#stage .bubble")).to_have_text("وصل الطرد P-1.")
    editor.publish("First words")

    editor.says("Version 1 is in use")
    page.locator("#locale").select_option("")
    expect(page.locator("#stage .bubble")).to_have_text("Parcel P-1 is here.")


def test_what_somebody_else_saved_meanwhile_is_not_lost(
    page: sync_api.Page, context: sync_api.BrowserContext, editor: Editor
) -> None:
    editor.open("welcome")
    other = Editor(context.new_page(), editor.url)
    other.open("welcome")
    other.subject.fill("Theirs")
    other.page.locator("#save").click()
    other.says("Draft saved")

    editor.subject.fill("Mine")
    page.locator("#save").click()

    expect(page.locator("#trouble")).to_contain_text("Somebody was faster")
    expect(editor.subject).to_have_value("Mine")
