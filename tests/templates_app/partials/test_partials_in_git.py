"""Partials as files: written, taken in with what needs them, and compared."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.templates_app.asking import ORDER, Api, said
from tests.templates_app.partials.buttons import BUTTON, put_partial

pytestmark = pytest.mark.django_db
CARD = {"mjml": "", "text": "", "parameters": {}, "example_data": {}}
LETTER = {"html": "{{ content }}{% render 'acard' %}"}


@pytest.fixture(autouse=True)
def written(api: Api) -> None:
    """A template in a layout with a partial that has another one within it, which comes later by name."""
    put_partial(api)
    put_partial(api, "acard", html="{% render 'button', url: 'https://a.example' %}", **CARD)
    api("PUT", "/layouts/letter", LETTER)
    api.put_template(layout="letter")


def templates(*arguments: str, tenant: str = "acme") -> str:
    out = StringIO()
    call_command("templates", *arguments, "--tenant", tenant, stdout=out)
    return out.getvalue()


def test_what_was_pulled_says_the_same(tmp_path: Path) -> None:
    assert templates("pull", str(tmp_path)) == f"4 written to {tmp_path}\n"

    assert templates("diff", str(tmp_path)) == ""
    assert templates("push", str(tmp_path)) == ""
    assert (tmp_path / "partials/button/partial.mjml").read_text() == BUTTON["mjml"]
    assert "required:\n  - url" in (tmp_path / "partials/button/partial.yaml").read_text()


def test_all_of_it_moves_to_another_tenant_what_others_need_first(other_tenant_id: object, tmp_path: Path) -> None:
    templates("pull", str(tmp_path))

    assert templates("push", str(tmp_path), "--publish", "From git", tenant="globex").splitlines() == [
        "partials/button: published",
        "partials/acard: published",
        "layouts/letter: saved",
        "templates/order: published",
    ]


def test_a_change_in_a_file_becomes_a_version(api: Api, tmp_path: Path) -> None:
    templates("pull", str(tmp_path))
    (tmp_path / "partials/button/partial.html").write_text('<b title="{{ url }}">{{ label }}</b>')

    with pytest.raises(SystemExit):
        templates("diff", str(tmp_path))
    templates("push", str(tmp_path))
    assert said(api("GET", "/partials/button"))["has_draft"]
    (tmp_path / "partials/button/partial.html").write_text('<i title="{{ url }}">{{ label }}</i>')
    templates("push", str(tmp_path), "--publish", "From git")

    (newest, first) = said(api("GET", "/partials/button/versions"))["results"]
    assert (newest["version"], newest["note"], first["version"]) == (2, "From git", 1)


def test_a_mistake_in_a_file_names_it(tmp_path: Path) -> None:
    templates("pull", str(tmp_path))
    (tmp_path / "partials/button/partial.html").write_text("<b>\n{{ colour }}</b>")

    with pytest.raises(CommandError, match=r"partials/button/html line 2: 'colour' is not among the parameters"):
        templates("push", str(tmp_path))


def test_a_folder_of_partials_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    templates("pull", str(tmp_path))
    (tmp_path / "partials/button/partial.pdf").write_text("x")

    with pytest.raises(CommandError, match=r"button: .*unknown field `pdf`"):
        templates("push", str(tmp_path))


def test_templates_without_partials_say_so_in_no_file(tmp_path: Path) -> None:
    templates("pull", str(tmp_path))

    assert "partials" not in (tmp_path / "templates/order/template.yaml").read_text()
    assert (tmp_path / "templates/order/email.html").read_text() == ORDER["parts"]["email"]["html"]
