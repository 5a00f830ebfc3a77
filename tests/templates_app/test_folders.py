"""Words as files: written, changed by hand, compared and taken in again."""

from io import StringIO
from pathlib import Path
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from templates_app.models import TemplateVersion
from tests.templates_app.asking import ORDER, Api, said

pytestmark = pytest.mark.django_db
FOOT = "<mj-section><mj-column><mj-text>{{ brand.name }}</mj-text></mj-column></mj-section>"
MJML = f"<mjml>\n<mj-body>{{{{ content }}}}\n{FOOT}</mj-body></mjml>\n"


@pytest.fixture(autouse=True)
def written(api: Api) -> None:
    api("PUT", "/layouts/letter", {"mjml": MJML})
    api(
        "PUT", "/translations/de", {"messages": {"hi": "Hallo", "n": {"one": "{count} Ding", "other": "{count} Dinge"}}}
    )
    api.put_template(locales={"de": {"sms": {"body": "Zwei\nZeilen: {{ order_id }} – „ja“"}}})


def templates(*arguments: str) -> str:
    out = StringIO()
    call_command("templates", *arguments, "--tenant", "acme", stdout=out)
    return out.getvalue()


def test_what_was_pulled_says_the_same(tmp_path: Path) -> None:
    assert templates("pull", str(tmp_path)) == f"3 written to {tmp_path}\n"

    assert templates("diff", str(tmp_path)) == ""
    assert templates("push", str(tmp_path)) == ""
    assert (tmp_path / "templates/order/email.html").read_text() == ORDER["parts"]["email"]["html"]
    assert (tmp_path / "layouts/letter/layout.mjml").read_text() == MJML
    assert "body: |-\n    Zwei\n    Zeilen" in (tmp_path / "templates/order/words.de.yaml").read_text()


def test_a_change_in_a_file_is_told_and_taken_in(api: Api, tmp_path: Path) -> None:
    templates("pull", str(tmp_path))
    (tmp_path / "templates/order/email.html").write_text("<p>Thanks a lot, {{ name }}!</p>")

    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("templates", "diff", str(tmp_path), "--tenant", "acme", stdout=out)
    pushed = templates("push", str(tmp_path), "--publish", "From git")

    assert out.getvalue().splitlines() == [
        "templates/order/parts/email/html: changed",
        "  -<p>Thank you, {{ name }}!</p>",
        "  +<p>Thanks a lot, {{ name }}!</p>",
    ]
    assert pushed == "templates/order: published\n"
    assert said(api("GET", "/templates/order"))["live"]["note"] == "From git"


def test_a_mistake_in_a_file_changes_nothing(tenant_id: UUID, tmp_path: Path) -> None:
    templates("pull", str(tmp_path))
    (tmp_path / "templates/order/email.html").write_text("<p>\n{{ nobody }}</p>")

    with pytest.raises(CommandError, match="templates/order/parts/email/html line 2: 'nobody' is not among"):
        templates("push", str(tmp_path))

    assert TemplateVersion.objects.get().revision == 1


def test_words_move_from_one_tenant_to_another(api: Api, other_tenant_id: UUID, tmp_path: Path) -> None:
    templates("pull", str(tmp_path))

    call_command("templates", "push", str(tmp_path), "--tenant", "globex", stdout=(out := StringIO()))

    assert out.getvalue() == "translations/de: saved\nlayouts/letter: saved\ntemplates/order: saved\n"
