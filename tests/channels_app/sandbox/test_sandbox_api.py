"""The API of the sandbox: filters, one message, behaviours, errors, and the headers on every answer."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.channels_app.sandbox.process import SandboxProcess

MAILS: list[dict[str, Any]] = [
    {"to": "ana@example.org", "subject": "Your order", "text": "On its way, Ana\n", "delivery_id": "d-1"},
    {"to": "Bob@example.org", "subject": "Été indien", "text": "Sale\n", "delivery_id": "d-2"},
    {"to": "carol@example.net", "subject": "Your order", "text": "Delayed\n", "delivery_id": "d-3"},
]


@pytest.fixture
def filled(sandbox: SandboxProcess) -> SandboxProcess:
    for mail in MAILS:
        sandbox.send(mail["to"], **{name: value for name, value in mail.items() if name != "to"})
    return sandbox


def found(sandbox: SandboxProcess, **query: Any) -> list[str]:
    return [message["to"].split("@")[0] for message in sandbox.messages(**query)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["carol", "Bob", "ana"]),
        ({"limit": 2}, ["carol", "Bob"]),
        ({"limit": 99999}, ["carol", "Bob", "ana"]),
        ({"channel": "email", "provider": "smtp"}, ["carol", "Bob", "ana"]),
        ({"channel": "sms"}, []),
        ({"provider": "sendgrid"}, []),
        ({"to": "ana@example.org"}, ["ana"]),
        ({"to": "bob@EXAMPLE.org"}, ["Bob"]),
        ({"to": "ana"}, []),
        ({"to": "*@example.org"}, ["Bob", "ana"]),
        ({"to": "?ob@*"}, ["Bob"]),
        ({"to": "[ac]*"}, ["carol", "ana"]),
        ({"delivery_id": "d-2"}, ["Bob"]),
        ({"q": "order"}, ["carol", "ana"]),
        ({"q": "ORDER delayed"}, ["carol"]),
        ({"q": "ÉTÉ"}, ["Bob"]),
        ({"q": "example.net"}, ["carol"]),
        ({"q": "shop@example"}, ["carol", "Bob", "ana"]),
        ({"q": "%"}, []),
        ({"q": "order", "to": "*.org", "limit": 5}, ["ana"]),
        ({"since": "2000-01-01"}, ["carol", "Bob", "ana"]),
        ({"since": "2999-01-01T00:00:00Z"}, []),
    ],
)
def test_filters_narrow_the_list(filled: SandboxProcess, query: dict[str, Any], expected: list[str]) -> None:
    assert found(filled, **query) == expected


def test_since_and_before_take_message_ids(filled: SandboxProcess) -> None:
    carol, bob, ana = (message["id"] for message in filled.messages())

    assert found(filled, since=ana) == ["carol", "Bob"]
    assert found(filled, since=carol) == []
    assert found(filled, before=carol) == ["Bob", "ana"]
    assert found(filled, since=ana, before=carol) == ["Bob"]
    assert bob > ana


def test_since_takes_the_time_of_a_message_in_any_zone(filled: SandboxProcess) -> None:
    received_at = filled.messages()[1]["received_at"]

    assert found(filled, since=received_at) == ["carol", "Bob"]
    status, content = filled.api("GET", f"messages?since={received_at.replace('Z', '+00:00')}")  # + unescaped
    assert (status, len(content["results"])) == (200, 2)


def test_a_brief_list_has_a_snippet_in_the_place_of_the_contents(filled: SandboxProcess) -> None:
    brief = filled.messages(brief=1)[0]

    assert brief["snippet"] == "Delayed"
    assert set(brief) == {"id", "channel", "provider", "to", "from", "subject", "delivery_id", "received_at", "snippet"}


def test_one_message_is_as_in_the_list(filled: SandboxProcess) -> None:
    listed = filled.messages()[0]

    assert filled.get(f"messages/{listed['id']}") == listed


@pytest.mark.parametrize("path", ["", "/raw", "/html", "/links", "/attachments/0"])
@pytest.mark.parametrize("identifier", ["msg-999999999", "nonsense", "msg-%2e%2e"])
def test_what_is_not_there_is_a_404(sandbox: SandboxProcess, identifier: str, path: str) -> None:
    status, content = sandbox.api("GET", f"messages/{identifier}{path}")

    assert (status, content["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("messages?limit=0", "/limit"),
        ("messages?limit=-1", "/limit"),
        ("messages?limit=x", "/limit"),
        ("messages?since=yesterday", "/since"),
        ("messages?before=2026-01-01", "/before"),
        ("ledger?since=msg-1", "/since"),
        ("rejections?after=x", "/after"),
    ],
)
def test_a_bad_parameter_is_named(sandbox: SandboxProcess, path: str, pointer: str) -> None:
    status, content = sandbox.api("GET", path)

    assert (status, content["code"]) == (422, "invalid")
    assert [fault["pointer"] for fault in content["errors"]] == [pointer]


def test_a_clear_empties_the_list_and_the_counts(filled: SandboxProcess) -> None:
    assert filled.api("DELETE", "messages") == (204, None)

    assert filled.messages() == []
    assert filled.get("messages/count") == {"count": 0, "by_delivery_duplicates": 0}
    assert filled.get("ledger") == {"results": []}


def test_behaviours_are_replaced_shown_and_dropped(sandbox: SandboxProcess) -> None:
    rules = [{"do": "error", "to": "*@slow.example", "status": 503}, {"do": "delay", "to": "*", "seconds": 0.5}]

    assert sandbox.get("behaviours") == []
    assert sandbox.api("PUT", "behaviours", rules) == (200, rules)
    assert sandbox.api("PUT", "behaviours", rules[:1]) == (200, rules[:1])
    assert sandbox.get("behaviours") == rules[:1]
    assert sandbox.api("DELETE", "behaviours") == (204, None)
    assert sandbox.get("behaviours") == []


def test_one_behaviour_is_added_first_or_last_and_dropped_by_its_place(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "delay"})

    assert sandbox.api("POST", "behaviours", {"do": "drip"})[0] == 201
    assert sandbox.api("POST", "behaviours?position=0", {"do": "error"})[0] == 201
    assert [rule["do"] for rule in sandbox.get("behaviours")] == ["error", "delay", "drip"]
    assert sandbox.api("DELETE", "behaviours/1")[0] == 200
    assert [rule["do"] for rule in sandbox.get("behaviours")] == ["error", "drip"]
    assert sandbox.api("DELETE", "behaviours/2")[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("PUT", "behaviours", b'[{"do": "delay"}, {"do": "explode"}]', "/1/do"),
        ("PUT", "behaviours", b'{"do": "delay"}', ""),
        ("PUT", "behaviours", b"not json", ""),
        ("PUT", "behaviours", b"\xff", ""),
        ("PUT", "behaviours", b"[" * 100_000, ""),
        ("PUT", "behaviours", b'[{"do": "error", "seconds": NaN}]', "/0/seconds"),
        ("POST", "behaviours", b'{"do": "delay", "seconds": "x"}', "/seconds"),
        ("POST", "behaviours?position=x", b'{"do": "delay"}', "/position"),
    ],
)
def test_a_bad_behaviour_is_refused_with_a_pointer_and_nothing_moves(
    sandbox: SandboxProcess, method: str, path: str, body: bytes, pointer: str
) -> None:
    kept = [{"do": "click", "to": "*"}]
    sandbox.api("PUT", "behaviours", kept)

    status, headers, content = sandbox.request(method, f"api/{path}", body)

    assert status == 422
    assert headers["Content-Type"] == "application/problem+json; charset=utf-8"
    assert [fault["pointer"] for fault in json.loads(content)["errors"]] == [pointer]
    assert sandbox.get("behaviours") == kept


def test_the_pulse_tells_what_changed(sandbox: SandboxProcess) -> None:
    before = sandbox.get("pulse")
    sandbox.send("a@example.org")
    sandbox.behave({"do": "error", "to": "b@*"})
    sandbox.answer_to("b@example.org")

    after = sandbox.get("pulse")

    assert (after["count"], after["rejections"], after["behaviours"]) == (1, 1, 1)
    assert after["newest"] != before["newest"]
    assert after["newest_rejection"] != before["newest_rejection"]
    assert after["revision"] > before["revision"]
    assert after["addresses"].keys() == {"apns", "smtp", "http"}
    assert after["addresses"]["smtp"] == f"127.0.0.1:{sandbox.smtp_port}"
    assert after["addresses"]["http"] == f"127.0.0.1:{sandbox.http_port}"


def test_the_process_says_that_it_is_well(sandbox: SandboxProcess) -> None:
    status, _, content = sandbox.request("GET", "healthz")

    assert status == 200
    assert b'"status": "ok"' in content


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "", 200),
        ("GET", "sandbox.css", 200),
        ("GET", "sandbox.js", 200),
        ("GET", "api/messages", 200),
        ("GET", "healthz", 200),
        ("GET", "nowhere", 404),
        ("GET", "../web.py", 404),
        ("GET", "index.html", 404),
        ("POST", "api/messages", 405),
        ("PUT", "api/behaviours", 422),
    ],
)
def test_every_answer_carries_the_strict_headers(sandbox: SandboxProcess, method: str, path: str, status: int) -> None:
    answered, headers, _ = sandbox.request(method, path)

    assert answered == status
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"


def test_the_html_of_a_mail_comes_behind_a_wall(sandbox: SandboxProcess) -> None:
    sandbox.send("a@example.org", html="<script>alert(1)</script><p>Hi</p>\n")
    (message,) = sandbox.messages()

    status, headers, content = sandbox.request("GET", f"api/messages/{message['id']}/html")

    assert (status, content) == (200, b"<script>alert(1)</script><p>Hi</p>\n")
    directives = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
    assert directives == {
        "sandbox": "",
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "font-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
    }


def test_unsafe_contents_come_back_unchanged_in_json(sandbox: SandboxProcess) -> None:
    nasty = "</script><script>alert('x')</script>\"&amp;"
    sandbox.send("a@example.org", subject=nasty, text=nasty + "\n", headers=[("X-Nasty", nasty)])

    (message,) = sandbox.messages(q="</script>")

    assert (message["subject"], message["text"], message["headers"]["X-Nasty"]) == (nasty, nasty + "\n", nasty)
    _, headers, _ = sandbox.request("GET", f"api/messages?q={quote('<script>')}")
    assert headers["Content-Type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/sandbox"])
def test_the_front_door_leads_to_the_page(sandbox: SandboxProcess, path: str) -> None:
    status, headers, _ = sandbox.request("GET", path)

    assert (status, headers["Location"]) == (302, "/sandbox/")
