"""Partials in the editor: begin one, break it, fix it, publish it, and let templates take it."""

from datetime import datetime

import pytest
from playwright import sync_api

from templates_app.models import TemplateVersion
from templates_app.services.drafts import Saved, save_draft
from templates_app.services.partials import PublishedPartial, SavedPartial, publish_partial, save_partial
from templates_app.services.publishing import Published, publish
from templates_app.values import PartialSource, TemplateSource
from tenants.models import Tenant
from tenants.scope import platform_scope, tenant_scope
from tests.browser.chromium import needs_chromium
from tests.browser.templates.editing import Editor, expect

pytestmark = needs_chromium
PARAMETERS = {"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]}
NOTE = PartialSource(html="<p>{{ words }}</p>", parameters=PARAMETERS, example_data={"words": "Mind the step"})


@pytest.fixture
def used(tenant: Tenant, at: datetime) -> None:
    """A partial that a template has in use."""
    html = "{% render 'note', words: 'Careful' %}"
    source = TemplateSource(parts={"email": {"subject": "Hello", "html": html}})
    with tenant_scope(tenant.id):
        wrote = save_partial("note", tenant_id=tenant.id, name="Note", source=NOTE, actor="ann", at=at)
        assert isinstance(wrote, SavedPartial)
        done = publish_partial("note", tenant_id=tenant.id, note="First", actor="ann", at=at)
        assert isinstance(done, PublishedPartial)
        saved = save_draft("parcel", tenant_id=tenant.id, name="Parcel", source=source, actor="ann", at=at)
        assert isinstance(saved, Saved)
        assert isinstance(publish("parcel", tenant_id=tenant.id, note="", actor="ann", at=at), Published)


def test_a_partial_from_nothing_broken_fixed_and_published(page: sync_api.Page, editor: Editor) -> None:
    editor.open_list()
    expect(page.locator("[data-partial=button]")).to_contain_text("comes with Carillon")
    page.get_by_role("button", name="New partial").click()
    editor.answer("Begin", key="note")
    editor.tab("Parameters").click()
    page.locator("#field-parameters").fill(
        '{"type": "object", "properties": {"words": {"type": "string"}}, "required": ["words"]}'
    )
    editor.tab("Example data").click()
    page.locator("#field-example_data").fill('{"words": "Mind the <step>"}')
    editor.tab("Words").click()
    expect(page.locator("#panel code").first).to_have_text("{% render 'note', words: … %}")

    mjml = page.get_by_label("In MJML")
    mjml.fill("<mj-text>\n{{ word }}</mj-text>")
    expect(editor.errors).to_contain_text("'word' is not among the parameters")
    page.locator("#save").click()
    expect(page.locator("#trouble")).to_contain_text("cannot be saved yet")
    editor.errors.first.click()
    expect(mjml).to_be_focused()
    mjml.fill("<mj-text>\n{{ words }}</mj-text>")
    expect(editor.mail.locator("body")).to_contain_text("Mind the <step>")
    page.get_by_label("As text").fill("{{ words }}")
    page.get_by_role("button", name="Text", exact=True).click()
    expect(page.locator("#stage pre")).to_have_text("Mind the <step>")
    editor.publish("First words")

    editor.says("Version 1 is there for templates")
    editor.tab("Versions").click()
    expect(page.locator("[data-version='1']")).to_contain_text("First words")


def test_templates_that_have_older_words_are_offered_the_newer_ones(
    page: sync_api.Page, editor: Editor, tenant: Tenant, used: None
) -> None:
    editor.open_partial("note")
    page.get_by_label("In HTML").fill("<p><b>{{ words }}</b></p>")
    expect(editor.mail.locator("b")).to_have_text("Mind the step")
    editor.publish("Louder")

    expect(page.locator("#outdated")).to_have_text("1 template uses an older version")
    expect(page.locator("[data-use=parcel]")).to_contain_text("version 1, with version 1 of the partial")
    assert editor.faint() == []
    editor.look("partial-outdated")
    page.locator("#republish").click()
    editor.answer("Publish again")

    editor.says("1 of 1 published again")
    expect(page.locator("[data-use=parcel]")).to_contain_text("version 2, with version 2 of the partial")
    expect(page.locator("#outdated")).to_have_count(0)
    with platform_scope():
        version = TemplateVersion.objects.get(tenant=tenant, number=2)
        assert version.note == "Newer words of Note"
        assert "<b>{{ words }}</b>" in version.compiled["contents"][""]["email"]["html"]


def test_a_template_says_where_it_renders_a_partial_wrongly(page: sync_api.Page, editor: Editor, used: None) -> None:
    editor.open("parcel")
    body = page.get_by_label("Body in HTML")

    body.fill("<p>Hi</p>\n{% render 'note' %}")

    expect(editor.errors).to_contain_text("the partial 'note': 'words' is not given; words: … would do")
    expect(editor.errors).to_contain_text("line 2")
    body.fill("{% render 'note', words: 'Here you are' %}")
    expect(editor.mail.locator("p")).to_have_text("Here you are")
    expect(editor.errors).to_have_count(0)


def test_a_draft_of_a_partial_is_discarded_and_an_old_version_written_on(
    page: sync_api.Page, editor: Editor, used: None
) -> None:
    editor.open_partial("note")
    html = page.get_by_label("In HTML")
    html.fill("<i>{{ words }}</i>")
    page.keyboard.press("Control+s")
    editor.says("Draft saved")
    page.locator("#discard").click()
    editor.answer("Discard")
    expect(html).to_have_value("<p>{{ words }}</p>")

    html.fill("<i>{{ words }}</i>")
    editor.tab("Versions").click()
    page.get_by_role("button", name="Write on from here").click()

    expect(html).to_have_value("<p>{{ words }}</p>")


def test_a_small_screen_and_both_schemes_do_for_partials(page: sync_api.Page, editor: Editor) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    editor.open_partial("button")
    expect(editor.mail.locator("a")).to_have_text("Have a look")
    page.get_by_role("button", name="Phone").click()

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.locator(f"[data-name=scheme] [data-value={scheme}]").click()
        assert editor.faint() == []
