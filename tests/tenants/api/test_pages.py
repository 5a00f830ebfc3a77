"""Lists in pages."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenants_speaking import Api, problem

from tenants.api.pages import _Cursor, _read
from tenants.models import Tenant
from tenants.services import audit

pytestmark = pytest.mark.django_db
Get = Callable[[str], dict[str, object]]


@pytest.fixture
def trail(acme: Tenant, api_of: Callable[..., Api], at: datetime) -> Api:
    """An API whose audit trail has 7 lines `n.0` … `n.6`, beside what making the tenant and the key left."""
    api = api_of(acme, "admin")
    for number in range(7):
        later = at + timedelta(minutes=number)
        audit(acme.id, actor=f"a{number % 2}", action=f"n.{number}", object="o", at=later)
    return api


def page(api: Api, url: str) -> tuple[list[str], str | None, str | None]:
    answer = api("GET", url)
    assert answer.status_code == 200, answer.content
    said = json.loads(answer.content)
    assert list(said) == ["results", "next", "previous"]
    return [line["action"] for line in said["results"]], said["next"], said["previous"]


def test_pages_lead_to_the_end_and_back_without_gap_or_repetition(trail: Api) -> None:
    one, next_one, before_one = page(trail, "/api/v1/audit?object=o&limit=3")
    assert (one, before_one) == (["n.6", "n.5", "n.4"], None)
    two, next_two, before_two = page(trail, next_one or "")
    assert two == ["n.3", "n.2", "n.1"]
    three, next_three, before_three = page(trail, next_two or "")
    assert (three, next_three) == (["n.0"], None)

    back_two, _, back_before = page(trail, before_three or "")
    assert back_two == two
    back_one, back_next, nothing = page(trail, back_before or "")
    assert (back_one, nothing) == (one, None)
    assert page(trail, back_next or "")[0] == two
    assert before_two is not None


def test_a_page_that_ends_where_the_list_ends_has_no_next(trail: Api) -> None:
    found, following, _ = page(trail, "/api/v1/audit?object=o&limit=7")

    assert len(found) == 7
    assert following is None


def test_rows_that_come_meanwhile_do_not_shift_the_pages(trail: Api, acme: Tenant, at: datetime) -> None:
    _, following, _ = page(trail, "/api/v1/audit?object=o&limit=3")
    audit(acme.id, actor="a", action="n.new", object="o", at=at + timedelta(hours=1))

    assert page(trail, following or "")[0] == ["n.3", "n.2", "n.1"]


def test_links_keep_what_was_asked(trail: Api) -> None:
    _, following, _ = page(trail, "/api/v1/audit?object=o&actor=a0&limit=2")

    parts = urlsplit(following or "")
    asked = parse_qs(parts.query)
    assert parts.scheme == "http"
    assert parts.path == "/api/v1/audit"
    assert asked.pop("cursor")
    assert asked == {"object": ["o"], "actor": ["a0"], "limit": ["2"]}
    assert page(trail, following or "")[0] == ["n.2", "n.0"]


def test_an_empty_list_is_an_empty_page(trail: Api) -> None:
    assert page(trail, "/api/v1/audit?object=nothing") == ([], None, None)


@pytest.mark.parametrize("limit", ["0", "201", "-1", "x", "1.5", "1e2", "²", "9" * 50])
def test_a_page_has_1_to_200_rows(trail: Api, limit: str) -> None:
    answer = trail("GET", f"/api/v1/audit?limit={limit}")

    said = problem(answer)
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in said["errors"]] == [("/limit", "invalid_format")]


@pytest.mark.parametrize("cursor", ["x", "AAAA", "é", "!!!!", "bg" * 20, "x" * 5000])
def test_a_cursor_nobody_gave_is_refused(trail: Api, cursor: str) -> None:
    said = problem(trail("GET", f"/api/v1/audit?cursor={cursor}"))

    assert [(error["pointer"], error["code"]) for error in said["errors"]] == [("/cursor", "invalid_format")]


def test_a_parameter_nobody_knows_is_refused_rather_than_ignored(trail: Api) -> None:
    said = problem(trail("GET", "/api/v1/audit?actr=a0&since=yesterday"))

    assert [(error["pointer"], error["code"]) for error in said["errors"]] == [
        ("/actr", "unknown_field"),
        ("/since", "invalid_format"),
    ]


def test_nul_in_a_filter_is_refused_and_breaks_nothing(trail: Api) -> None:
    assert problem(trail("GET", "/api/v1/audit?actor=%00"))["code"] == "invalid"


@given(st.uuids(), st.booleans())
def test_a_cursor_reads_back(id: object, back: bool) -> None:
    cursor = _Cursor(id, back=back)  # type: ignore[arg-type]

    assert _read(str(cursor)) == cursor


@given(st.text())
def test_no_text_breaks_the_reader_of_cursors(text: str) -> None:
    found = _read(text)

    assert found is None or _read(str(found)) == found
