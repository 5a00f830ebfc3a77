"""How the API says no, whatever happened."""

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection
from django.test import Client, RequestFactory
from tenants_speaking import Api, problem

from kernel.trace import entered, fresh
from tenants.api.problems import FieldError, Problem, invalid, request_id_of, server_error, unknown_url
from tenants.models import Tenant

pytestmark = [pytest.mark.django_db, pytest.mark.urls("small_routes")]
ApiOf = Callable[..., Api]


@pytest.mark.parametrize(
    ("how", "status", "code", "headers"),
    [
        ("operational", 503, "unavailable", {"Retry-After": "2"}),
        ("interface", 503, "unavailable", {"Retry-After": "2"}),
        ("data", 422, "invalid", {}),
        ("integrity", 500, "internal_error", {}),
        ("unique", 409, "conflict", {}),
        ("django404", 404, "not_found", {}),
        ("denied", 403, "forbidden", {}),
        ("suspicious", 400, "bad_request", {}),
        ("throttled", 429, "rate_limited", {"Retry-After": "2"}),
        ("parse", 400, "bad_request", {}),
        ("drf500", 500, "internal_error", {}),
        ("conflict", 409, "already_done", {}),
        ("bug", 500, "internal_error", {}),
    ],
)
def test_every_failure_has_its_problem(
    acme: Tenant, api_of: ApiOf, how: str, status: int, code: str, headers: dict[str, str]
) -> None:
    answer = api_of(acme, "send")("POST", f"/small/fails/{how}", {})

    said = problem(answer)
    assert (answer.status_code, said["code"]) == (status, code)
    assert {name: answer[name] for name in headers} == headers


def test_a_bug_is_logged_and_not_told(acme: Tenant, api_of: ApiOf, caplog: pytest.LogCaptureFixture) -> None:
    answer = api_of(acme, "send")("POST", "/small/fails/bug", {}, **{"X-Request-ID": "abc-1"})

    said = problem(answer)
    assert said["request_id"] == "abc-1"
    assert b"hunter2" not in answer.content
    assert said["errors"] == []
    (record,) = [record for record in caplog.records if record.message == "request.failed"]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "the password is hunter2"


def test_expected_answers_are_not_logged_as_failures(
    acme: Tenant, api_of: ApiOf, caplog: pytest.LogCaptureFixture
) -> None:
    api_of(acme, "send")("POST", "/small/fails/conflict", {})

    assert [record for record in caplog.records if record.name.startswith("tenants")] == []


def test_an_address_that_is_not_there_is_a_problem_too() -> None:
    assert problem(Client().get("/small/nowhere"))["code"] == "not_found"
    assert problem(Client().post("/small/nowhere"))["code"] == "not_found"


@pytest.mark.parametrize(
    ("path", "accept", "content_type"),
    [
        ("/small/nowhere", "text/html,*/*", "text/html; charset=utf-8"),
        ("/small/nowhere", "*/*", "application/problem+json"),
        ("/small/nowhere", "", "application/problem+json"),
        ("/api/v1/nowhere", "text/html,*/*", "application/problem+json"),
    ],
)
def test_people_in_a_browser_get_a_page_outside_of_the_api(path: str, accept: str, content_type: str) -> None:
    request = RequestFactory().get(path, headers={"Accept": accept})

    answers = [unknown_url(request), server_error(request)]

    assert [(answer.status_code, answer["Content-Type"]) for answer in answers] == [
        (404, content_type),
        (500, content_type),
    ]


def test_the_request_id_is_the_one_of_the_trace() -> None:
    request = RequestFactory().get("/", headers={"X-Request-ID": "from-the-client"})

    with entered(fresh(request_id="from-the-trace")):
        assert request_id_of(request) == "from-the-trace"
    assert request_id_of(request) == "from-the-client"


def test_errors_tell_pointer_code_and_message(acme: Tenant, api_of: ApiOf) -> None:
    said = problem(api_of(acme, "send")("POST", "/small/fails/invalid", {}))

    assert said["errors"] == [{"pointer": "/a", "code": "required", "message": "this field is required"}]
    assert (said["code"], said["title"], said["detail"]) == ("invalid", "Invalid input", "1 error")


def test_a_database_that_is_out_at_the_door_is_a_503(acme: Tenant, api_of: ApiOf) -> None:
    """Authentication needs the database too."""
    api = api_of(acme, "read")

    def out(*_: object) -> None:
        raise OperationalError("the server is gone")

    with connection.execute_wrapper(out):
        answer = api("GET", "/small/where")

    assert problem(answer)["code"] == "unavailable"
    assert answer["Retry-After"] == "2"


def test_a_problem_reads_well_in_a_trace() -> None:
    assert str(Problem("gone", status=410, detail="It left.")) == "410 gone: It left."
    assert str(invalid([FieldError("", "a", "b"), FieldError("", "a", "b")])) == "422 invalid: 2 errors"
