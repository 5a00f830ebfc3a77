"""Connections to providers: kept, looked at before they are used, and honest about what went out."""

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from channels_app.call import Call
from channels_app.wire.client import Client
from channels_app.wire.line import Answer, BadAnswer
from kernel.clock import monotonic
from tests.channels_app.scripted_http import DROP, SILENCE, Drip, ScriptedHttp, Taken, answer, scripted_http


@pytest.fixture
def client() -> Iterator[Client]:
    made = Client()
    yield made
    made.close()


def a_call(*, seconds: float = 5.0) -> Call:
    call = Call([], deadline=monotonic() + seconds, timeout_seconds=seconds)
    call.begin()
    call.nothing_went_out()
    return call


def post(client: Client, url: str, *, body: bytes = b"hello", call: Call | None = None, **headers: str) -> Answer:
    return client.exchange(call or a_call(), method="POST", url=url, headers=headers, body=body)


def ok(_: Taken) -> bytes:
    return answer(200, b"fine", X_Name="value")


def test_a_request_and_its_answer(client: Client) -> None:
    with scripted_http(ok) as server:
        found = post(client, f"{server.url}/v1/messages?a=b", X_Key="k")

    (taken,) = server.taken
    assert (taken.method, taken.target, taken.body) == ("POST", "/v1/messages?a=b", b"hello")
    assert (taken.headers["host"], taken.headers["x_key"]) == (f"127.0.0.1:{server.port}", "k")
    assert (found.status, found.body, found.header("x-name"), found.header("x-other")) == (200, b"fine", "value", "")


def test_one_connection_serves_one_call_after_the_other(client: Client) -> None:
    with scripted_http(ok) as server:
        for _ in range(5):
            post(client, server.url)

    assert (server.connections, len(server.taken)) == (1, 5)


def test_a_connection_the_server_closed_meanwhile_is_replaced(client: Client) -> None:
    with scripted_http(ok) as server:
        post(client, server.url)
        server.hang_up()
        found = post(client, server.url)

    assert (found.status, server.connections, len(server.taken)) == (200, 2, 2)


def test_a_server_that_says_close_is_taken_at_its_word(client: Client) -> None:
    with scripted_http(lambda _: answer(200, b"", Connection="close")) as server:
        post(client, server.url)
        post(client, server.url)

    assert server.connections == 2


@pytest.mark.parametrize(
    ("reply", "trouble"),
    [
        (DROP, ConnectionError),
        (SILENCE, TimeoutError),
        (Drip(answer(200, b"x" * 100), every_seconds=0.05), TimeoutError),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BadAnswer),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", (BadAnswer, TimeoutError)),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 100_000, BadAnswer),
        (answer(200, b"z" * (4 * 1024 * 1024 + 1)), BadAnswer),
    ],
    ids=["drop", "silence", "drip", "no http", "half an answer", "endless head", "endless body"],
)
def test_once_it_was_written_nobody_knows(client: Client, reply: Any, trouble: Any) -> None:
    call, begun = a_call(seconds=0.4), monotonic()

    with scripted_http(lambda _: reply) as server, pytest.raises(trouble):
        post(client, server.url, call=call)

    assert call.may_have_sent
    assert monotonic() - begun < 3


def test_where_nobody_listens_nothing_went_out(client: Client) -> None:
    with scripted_http(ok) as server:
        url = server.url
    call = a_call()

    with pytest.raises(ConnectionError):
        post(client, url, call=call)

    assert not call.may_have_sent


@pytest.fixture
def deaf() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """A server made of one function that is given the connection."""
    listeners: list[socket.socket] = []

    def start(serve: Callable[[socket.socket], None]) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        listeners.append(listener)
        threading.Thread(target=lambda: serve(listener.accept()[0]), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for listener in listeners:
        listener.close()


def test_half_a_request_is_none(client: Client, deaf: Any) -> None:
    kept: list[socket.socket] = []
    url = deaf(kept.append)  # which never reads
    call = a_call(seconds=0.4)

    with pytest.raises(TimeoutError):
        post(client, url, body=b"x" * 20_000_000, call=call)

    assert not call.may_have_sent


def test_a_server_that_refuses_before_it_has_read_all_is_listened_to(client: Client, deaf: Any) -> None:
    def refuse(line: socket.socket) -> None:
        line.recv(1024)
        line.sendall(answer(413, b"too much", Connection="close"))
        line.shutdown(socket.SHUT_WR)
        while line.recv(65536):
            pass

    found = post(client, deaf(refuse), body=b"x" * 5_000_000)

    assert (found.status, found.body) == (413, b"too much")


@pytest.mark.parametrize("url", ["ftp://example.org/", "//example.org/", "https:///x"])
def test_only_http_is_spoken(client: Client, url: str) -> None:
    with pytest.raises(ValueError, match="http or https"):
        post(client, url)


def test_a_header_that_would_begin_another_one_is_not_sent(client: Client) -> None:
    with scripted_http(ok) as server, pytest.raises(ValueError, match="characters"):
        post(client, server.url, X_Key="k\r\nX-Other: v")

    assert server.taken == []


def test_threads_share_a_client(client: Client) -> None:
    found: list[bool] = []

    def work(server: ScriptedHttp, name: bytes) -> None:
        found.extend(post(client, server.url, body=name).body == name for _ in range(20))

    with scripted_http(lambda taken: answer(200, taken.body)) as server:
        threads = [threading.Thread(target=work, args=(server, bytes((65 + n,)) * (n + 1))) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert found == [True] * 80
    assert server.connections <= 4
