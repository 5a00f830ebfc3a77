"""Calls to URLs of strangers: what is sent, what is taken, and how long it may last."""

import socket
import ssl
import time
from typing import Any

import pytest

from kernel.clock import monotonic
from kernel.safe_http import Answer, BadAnswer, Blocked, fetch
from tests.kernel.certificates import Authority
from tests.kernel.http_server import Server, drip, say_nothing, serving

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
EARLY_HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"
TO_THE_END = b"HTTP/1.0 200 OK\r\n\r\nuntil it closes"


def call(server: Server, **options: Any) -> Answer:
    return fetch(server.url, **{"timeout_seconds": 3.0, "max_bytes": 1000, "allow": server.allow} | options)


def test_a_post_arrives_as_it_was_given() -> None:
    with serving() as server:
        answer = call(server, method="POST", headers={"X-Id": "7"}, body=b"hello")

    assert (answer.status, answer.body, answer.cut) == (200, b"ok", False)
    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == b"hello"
    assert head.split(b"\r\n") == [
        b"POST /hook?a=1 HTTP/1.1",
        b"Host: 127.0.0.1:%d" % server.port,
        b"Connection: close",
        b"Accept-Encoding: identity",
        b"X-Id: 7",
        b"Content-Length: 5",
    ]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (CHUNKED, (200, b"abcde")),
        (EARLY_HINTS, (204, b"")),
        (TO_THE_END, (200, b"until it closes")),
        (b"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", (429, b"")),
    ],
)
def test_every_form_of_answer_is_read(raw: bytes, expected: tuple[int, bytes]) -> None:
    with serving(raw) as server:
        answer = call(server)

    assert (answer.status, answer.body) == expected


def test_header_names_are_in_lower_case() -> None:
    with serving(b"HTTP/1.1 429 Slow\r\nRetry-AFTER: 7\r\nContent-Length: 0\r\n\r\n") as server:
        assert call(server).headers["retry-after"] == "7"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/", "//localhost:{port}/", "/inside", "file:///etc/passwd"])
def test_a_redirect_is_not_followed(status: int, to: str) -> None:
    with serving() as canary:
        location = to.format(port=canary.port)
        raw = f"HTTP/1.1 {status} Elsewhere\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()
        with serving(raw) as server:
            answer = call(server)

    assert (answer.status, server.connections, canary.connections) == (status, 1, 0)


def test_a_proxy_of_the_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server, serving() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        call(server)

    assert (server.connections, proxy.connections) == (1, 0)


def test_a_long_answer_is_cut() -> None:
    with serving(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 100_000) as server:
        answer = call(server, max_bytes=1000)

    assert (len(answer.body), answer.cut) == (1000, True)


def test_an_answer_without_end_is_cut_and_not_waited_for() -> None:
    def pour(line: socket.socket, _: bytes) -> None:
        line.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
        while True:
            line.sendall(b"x" * 1000)

    with serving(pour) as server:
        assert call(server).cut


@pytest.mark.parametrize("answer", [drip, say_nothing], ids=["drips", "says nothing"])
def test_the_deadline_holds_however_the_server_behaves(answer: Any) -> None:
    with serving(answer) as server:
        begin = monotonic()
        with pytest.raises(TimeoutError):
            call(server, timeout_seconds=0.3)

        assert 0.29 <= monotonic() - begin < 1.5


def test_the_deadline_holds_for_a_server_that_does_not_read() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        with pytest.raises(TimeoutError):
            fetch(
                f"http://127.0.0.1:{port}/",
                method="POST",
                body=b"x" * 50_000_000,
                timeout_seconds=0.3,
                max_bytes=10,
                allow=frozenset({f"127.0.0.1:{port}"}),
            )


def test_the_deadline_holds_for_a_resolver_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])

    with pytest.raises(TimeoutError):
        fetch("https://slow.example.com/", timeout_seconds=0.2, max_bytes=10)


@pytest.mark.parametrize(
    "raw",
    [
        b"\xff\xfe<html>",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000,
        b"SSH-2.0-OpenSSH\r\n\r\n",
    ],
)
def test_nonsense_is_a_bad_answer(raw: bytes) -> None:
    with serving(raw) as server, pytest.raises(BadAnswer):
        call(server)


def test_what_fails_before_the_first_byte_is_told_apart() -> None:
    begun: list[str] = []
    with serving(b"") as server:
        with pytest.raises(ConnectionError, match="without an answer"):
            call(server, on_bytes=lambda: begun.append("heard"))
        gone = server.url, server.allow
    with pytest.raises(ConnectionRefusedError):
        fetch(gone[0], timeout_seconds=1, max_bytes=10, allow=gone[1], on_bytes=lambda: begun.append("refused"))

    assert begun == ["heard"]


def test_whoever_no_longer_waits_can_stop_the_call() -> None:
    def stop() -> None:
        raise InterruptedError

    with serving() as server:
        with pytest.raises(InterruptedError):
            call(server, on_bytes=stop)

        assert server.requests in ([], [b""])


@pytest.mark.parametrize(
    "headers", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"X": "ü\u2028"}, {"Host": "a"}, {"connection": ""}]
)
def test_headers_that_would_bend_the_request_are_refused(headers: dict[str, str]) -> None:
    with serving() as server:
        with pytest.raises(ValueError, match="cannot be"):
            call(server, headers=headers)

        assert server.connections == 0


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/", "scheme_not_allowed"),
        ("https://example.com:444/", "port_not_allowed"),
        ("https://a@example.com/", "userinfo_not_allowed"),
        ("https://127.0.0.1/", "address_not_public"),
        ("https://exa mple.com/", "bad_url"),
    ],
)
def test_a_refusal_says_why_and_repeats_nothing(url: str, code: str) -> None:
    with pytest.raises(Blocked) as refused:
        fetch(url, timeout_seconds=1, max_bytes=10)

    assert refused.value.code == code
    assert "example" not in str(refused.value)
    assert "127" not in str(refused.value)


def test_an_exception_is_for_one_host_and_one_port_only() -> None:
    with serving() as server:
        with pytest.raises(Blocked):
            fetch(f"http://localhost:{server.port}/", timeout_seconds=1, max_bytes=10, allow=server.allow)
        with pytest.raises(Blocked):
            fetch("http://127.0.0.1/", timeout_seconds=1, max_bytes=10, allow=server.allow)

        assert server.connections == 0


def test_the_next_address_is_tried_when_the_first_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as server:
        ask = [(socket.AF_INET, 1, 6, "", (host, server.port)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: ask)
        allow = frozenset({f"hooks.example.com:{server.port}"})
        answer = fetch(f"http://hooks.example.com:{server.port}/", timeout_seconds=2, max_bytes=10, allow=allow)

    assert answer.status == 200
    assert b"Host: hooks.example.com:%d" % server.port in server.requests[0]


# TLS


def test_the_certificate_must_be_of_the_host_that_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority()
    trust = ssl.create_default_context(cadata=authority.pem)
    begun: list[str] = []
    with serving(context=authority.server_context("hooks.example.com")) as server:
        place = [(socket.AF_INET, 1, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: place)

        def ask(host: str, tls: ssl.SSLContext | None) -> Answer:
            return fetch(
                f"https://{host}:{server.port}/",
                timeout_seconds=2,
                max_bytes=10,
                allow=frozenset({f"{host}:{server.port}"}),
                on_bytes=lambda: begun.append(host),
                tls=tls,
            )

        assert ask("hooks.example.com", trust).status == 200
        for host, tls in (("other.example.com", trust), ("127.0.0.1", trust), ("hooks.example.com", None)):
            with pytest.raises(ssl.SSLCertVerificationError):
                ask(host, tls)

    assert begun == ["hooks.example.com"]
    assert len(server.requests) == 1
