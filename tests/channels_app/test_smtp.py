"""The SMTP provider against servers that answer, refuse, drip, hang up and come back."""

import re
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from channels_app.providers.smtp import Smtp
from channels_app.smtp import pool
from channels_app.smtp.connection import Connection
from channels_app.values import NOT_BEGUN, Account, Message, Refused, Retry, SendResult, Sent, Unknown
from kernel.clock import monotonic
from tests.channels_app.messages import make_message
from tests.channels_app.sandbox.process import SandboxProcess
from tests.channels_app.smtp_server import DROP, SILENCE, Drip, ScriptedServer, scripted

Connect = Callable[..., Smtp]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes providers for a server, and lets go of them afterwards."""
    made: list[Smtp] = []

    def connect(server: ScriptedServer | str, *, timeout_seconds: float = 5.0, **config: Any) -> Smtp:
        url = server if isinstance(server, str) else server.url
        account = Account("smtp", "smtp", "email", "live", Smtp.configure({"url": url, **config}))
        made.append(Smtp(account, timeout_seconds=timeout_seconds))
        return made[-1]

    yield connect
    for provider in made:
        provider.close()


def send(provider: Smtp, *messages: Message, seconds: float = 5.0) -> list[SendResult]:
    return provider.send(messages or (make_message(),), deadline=monotonic() + seconds)


def test_a_mail_is_taken(connect: Connect) -> None:
    message = make_message(address="ana@example.org")

    with scripted() as server:
        (result,) = send(connect(server), message)

    assert result == Sent(f"<{message.delivery_id}@example.org>", detail="250 2.0.0 Ok: queued as 4F1C2")
    assert [(mail.sender, mail.recipient) for mail in server.received] == [("shop@example.org", "ana@example.org")]


def test_the_headers_say_whose_mail_it_is(connect: Connect) -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
    message = make_message(traceparent=traceparent, written_at=at)

    with scripted() as server:
        send(connect(server), message)

    mail = message_from_bytes(server.received[0].data, policy=policy.default)
    assert {name: str(value) for name, value in mail.items()} == {
        "Date": "Fri, 20 Nov 2026 12:00:00 +0000",
        "From": "Shop <shop@example.org>",
        "To": "ana@example.org",
        "Subject": "Your order",
        "Message-ID": f"<{message.delivery_id}@example.org>",
        "Auto-Submitted": "auto-generated",
        "X-Carillon-Delivery-Id": str(message.delivery_id),
        "X-Carillon-Traceparent": traceparent,
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative; boundary="=_{message.delivery_id.hex}_a"',
    }


def test_a_traceparent_that_is_none_is_left_out(connect: Connect) -> None:
    with scripted() as server:
        send(connect(server), make_message(traceparent="x\r\nBcc: eve@example.org"))

    assert "X-Carillon-Traceparent" not in message_from_bytes(server.received[0].data)


def test_a_second_attempt_is_the_same_mail(connect: Connect) -> None:
    attachment = {"filename": "a.txt", "content_type": "text/plain", "content_base64": "aGVsbG8="}
    content = {"subject": "Grüße", "text": "a", "html": "<p>é", "preheader": "p", "attachments": [attachment]}
    message = make_message(content=content)

    with scripted() as server:
        send(connect(server), message)
        send(connect(server), message)

    first, second = server.received
    assert first.data == second.data


def test_lines_that_begin_with_a_dot_arrive_whole(connect: Connect) -> None:
    text = ".\n.hidden\n..two\n...\nend\n.\n"

    with scripted() as server:
        send(connect(server), make_message(content={"subject": "Dots", "text": text}))

    found = message_from_bytes(server.received[0].data, policy=policy.default).get_payload(decode=True)
    assert isinstance(found, bytes)
    assert found.decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize("features", [("PIPELINING",), ()], ids=["pipelining", "step by step"])
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"greeting": "421 4.3.2 busy"}, Retry("smtp_421", "421 4.3.2 busy")),
        ({"greeting": "554 5.3.2 go away"}, Refused("smtp_554", "554 5.3.2 go away", provider_fault=True)),
        ({"mail": "451 4.3.0 later"}, Retry("smtp_451", "451 4.3.0 later")),
        ({"mail": "452 4.3.1 x; retry_after=7.5"}, Retry("smtp_452", "452 4.3.1 x; retry_after=7.5", after=7.5)),
        ({"mail": "550 5.7.1 no"}, Refused("smtp_550", "550 5.7.1 no")),
        ({"mail": "530 5.7.0 login"}, Refused("bad_credentials", "530 5.7.0 login", provider_fault=True)),
        ({"rcpt": "450 4.2.1 greylisted"}, Retry("smtp_450", "450 4.2.1 greylisted", provider_fault=False)),
        ({"rcpt": "451 4.7.1 greylisted"}, Retry("smtp_451", "451 4.7.1 greylisted")),
        ({"rcpt": "550 nobody"}, Refused("smtp_550", "550 nobody", reason="invalid_address")),
        ({"rcpt": "551 moved"}, Refused("smtp_551", "551 moved", reason="invalid_address")),
        ({"rcpt": "553 bad"}, Refused("smtp_553", "553 bad", reason="invalid_address")),
        ({"rcpt": "550 5.1.1 nobody"}, Refused("smtp_550", "550 5.1.1 nobody", reason="invalid_address")),
        ({"rcpt": "550 5.7.1 policy"}, Refused("smtp_550", "550 5.7.1 policy")),
        ({"rcpt": "552 5.2.2 full"}, Refused("smtp_552", "552 5.2.2 full")),
        ({"rcpt": "554 no"}, Refused("smtp_554", "554 no")),
        ({"data": "451 4.3.0 later"}, Retry("smtp_451", "451 4.3.0 later")),
        ({"data": "554 5.5.1 no"}, Refused("smtp_554", "554 5.5.1 no")),
        ({"dot": "451 4.7.0 slow; retry_after=30"}, Retry("smtp_451", "451 4.7.0 slow; retry_after=30", after=30)),
        ({"dot": "554 5.6.0 spam"}, Refused("smtp_554", "554 5.6.0 spam")),
        ({"dot": "550 5.1.1 nobody"}, Refused("smtp_550", "550 5.1.1 nobody", reason="invalid_address")),
        ({"dot": "421 4.3.0 closing"}, Retry("smtp_421", "421 4.3.0 closing")),
    ],
    ids=lambda value: " ".join(f"{step} {answer}" for step, answer in value.items()) if isinstance(value, dict) else "",
)
def test_what_a_no_means(
    connect: Connect, features: tuple[str, ...], answers: dict[str, str], expected: SendResult
) -> None:
    if isinstance(expected, Retry) and isinstance(expected.after, int | float):
        expected = Retry(expected.code, expected.detail, after=timedelta(seconds=expected.after))

    with scripted(answers=answers, features=features) as server:
        (result,) = send(connect(server))

    assert result == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"answers": {"greeting": DROP}}, Retry("connection_lost")),
        ({"answers": {"mail": DROP}}, Retry("connection_lost")),
        ({"answers": {"data": DROP}}, Retry("connection_lost")),
        ({"answers": {"dot": DROP}}, Unknown("connection_lost")),
        ({"answers": {"greeting": SILENCE}}, Retry("timeout")),
        ({"answers": {"rcpt": SILENCE}}, Retry("timeout")),
        ({"answers": {"dot": SILENCE}}, Unknown("timeout")),
        ({"answers": {"greeting": Drip("220 " + "slow " * 20)}}, Retry("timeout")),
        ({"answers": {"ehlo": Drip("250 " + "slow " * 20)}}, Retry("timeout")),
        ({"answers": {"rcpt": Drip("250 " + "slow " * 20)}}, Retry("timeout")),
        ({"answers": {"dot": Drip("250 " + "slow " * 20)}}, Unknown("timeout")),
        ({"answers": {"greeting": b"\x00\xff nonsense"}}, Retry("timeout")),
        ({"answers": {"greeting": b"HTTP/1.1 400 Bad Request\r\n\r\n"}}, Retry("connection_lost")),
        ({"answers": {"greeting": b"x" * 100_000}}, Retry("connection_lost")),
        ({"answers": {"greeting": b"220-again\r\n" * 10_000}}, Retry("connection_lost")),
        ({"answers": {"dot": b"maybe\r\n"}}, Unknown("connection_lost")),
    ],
    ids=lambda value: re.sub(r"\W+", " ", str(value))[:60],
)
def test_a_lost_answer_is_unknown_and_nothing_before_it_is(
    connect: Connect, options: dict[str, Any], expected: SendResult
) -> None:
    with scripted(**options) as server:
        begin = monotonic()
        (result,) = send(connect(server, timeout_seconds=0.8))
        took = monotonic() - begin

    assert (type(result), result.code) == (type(expected), expected.code)
    assert took < 0.8 + 0.3
    assert took > 0.5 or result.code != "timeout"


def test_a_server_that_does_not_read_ends_at_the_deadline_and_sent_nothing(connect: Connect) -> None:
    film = {"filename": "film.mp4", "content_base64": "A" * 9_000_000}  # more than the kernels of both sides hold
    message = make_message(content={"subject": "Big", "text": "See here.", "attachments": [film]})

    with scripted(reads=False) as server:
        begin = monotonic()
        (result,) = send(connect(server, timeout_seconds=0.8), message)
        took = monotonic() - begin

    assert (type(result), result.code) == (Retry, "timeout")
    assert 0.7 < took < 1.1


def test_a_final_dot_that_could_not_be_written_was_not_sent(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Connection._write

    def tear(connection: Connection, data: Any) -> None:
        if bytes(data).endswith(b"\r\n.\r\n"):
            raise ConnectionResetError
        write(connection, data)

    monkeypatch.setattr(Connection, "_write", tear)

    with scripted() as server:
        (result,) = send(connect(server))

    assert result == Retry("connection_lost", "ConnectionResetError")
    assert server.received == []


def test_nobody_listens(connect: Connect) -> None:
    with scripted() as server:
        pass

    (result,) = send(connect(server))

    assert (type(result), result.code) == (Retry, "connection_lost")


def test_a_message_after_a_refused_one_goes_over_the_same_connection(connect: Connect) -> None:
    with scripted(answers={"rcpt": ["550 5.1.1 nobody", "250 ok"]}) as server:
        provider = connect(server)
        first, second = send(provider)[0], send(provider)[0]

    assert (type(first), type(second)) == (Refused, Sent)
    assert server.connections == 1


def test_a_server_that_wants_a_body_without_a_recipient_gets_an_empty_one(connect: Connect) -> None:
    with scripted(answers={"rcpt": ["550 5.1.1 nobody", "250 ok"], "dot": ["554 no recipients", "250 ok"]}) as server:
        provider = connect(server)
        first, second = send(provider)[0], send(provider)[0]

    assert (type(first), type(second)) == (Refused, Sent)
    assert server.received[0].data == b""


def test_a_batch_comes_back_in_order_over_few_connections(connect: Connect) -> None:
    messages = [make_message(address=f"user{place}@example.org") for place in range(60)]

    with scripted(pauses={"dot": 0.01}) as server:
        results = send(connect(server), *messages)

    assert [result.message_id for result in results] == [f"<{one.delivery_id}@example.org>" for one in messages]
    assert {mail.recipient for mail in server.received} == {one.address for one in messages}
    assert server.connections == 8


def test_one_refused_message_does_not_stop_its_batch(connect: Connect) -> None:
    addresses = ["a@example.org", "not an address", "b@example.org\r\nRCPT TO:<eve@example.org>", "c@example.org"]

    with scripted() as server:
        results = send(connect(server), *[make_message(address=address) for address in addresses])

    assert [type(result) for result in results] == [Sent, Refused, Refused, Sent]
    assert sorted(mail.recipient for mail in server.received) == ["a@example.org", "c@example.org"]


def test_connections_are_kept(connect: Connect) -> None:
    with scripted() as server:
        provider = connect(server)
        for _ in range(5):
            send(provider)

    assert (server.connections, len(server.received)) == (1, 5)


def test_connections_are_renewed_after_so_many_messages(connect: Connect) -> None:
    with scripted() as server:
        provider = connect(server, messages_per_connection=2)
        for _ in range(5):
            send(provider)

    assert (server.connections, server.commands.count("QUIT")) == (3, 2)


def test_an_idle_connection_is_asked_first(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "IDLE_SECONDS", 0.0)

    with scripted() as server:
        provider = connect(server)
        send(provider)
        send(provider)

    assert server.commands.count("noop") == 1


@pytest.mark.parametrize("end", ["hang_up", "say_goodbye"])
def test_a_connection_that_ended_meanwhile_is_replaced(connect: Connect, end: str) -> None:
    with scripted() as server:
        provider = connect(server)
        before = send(provider, *[make_message() for _ in range(20)])
        getattr(server, end)()
        time.sleep(0.05)
        after = send(provider, *[make_message() for _ in range(20)])

    assert {type(result) for result in before + after} == {Sent}
    assert len(server.received) == 40


@pytest.mark.parametrize("trouble", ["421 4.4.2 idle for too long", DROP])
def test_a_connection_that_ends_when_it_is_used_is_replaced(connect: Connect, trouble: str) -> None:
    with scripted(answers={"mail": ["250 ok", trouble, "250 ok"]}) as server:
        provider = connect(server)
        results = [send(provider)[0] for _ in range(2)]

    assert [type(result) for result in results] == [Sent, Sent]
    assert (server.connections, len(server.received)) == (2, 2)


def test_a_fresh_connection_that_ends_is_not_tried_again(connect: Connect) -> None:
    with scripted(answers={"mail": DROP}) as server:
        (result,) = send(connect(server))

    assert result == Retry("connection_lost", "the server hung up or does not speak SMTP")
    assert server.connections == 1


def test_the_provider_survives_a_restart_of_the_server(connect: Connect) -> None:
    with scripted() as server:
        provider = connect(server)
        up = send(provider, *[make_message() for _ in range(10)])
        server.stop()
        down = send(provider, *[make_message() for _ in range(10)])
        server.start()
        again = send(provider, *[make_message() for _ in range(10)])

    assert [{type(result) for result in results} for results in (up, down, again)] == [{Sent}, {Retry}, {Sent}]


def test_messages_whose_turn_does_not_come_are_not_begun(connect: Connect) -> None:
    messages = [make_message() for _ in range(30)]

    with scripted(pauses={"dot": 0.3}) as server:
        begin = monotonic()
        results = send(connect(server), *messages, seconds=0.5)
        took = monotonic() - begin
        time.sleep(0.5)

    assert took < 0.8
    waiting = [result for result in results if isinstance(result, Retry) and result.code == NOT_BEGUN]
    assert len(waiting) >= 14
    assert len(server.received) <= 30 - len(waiting)


def test_a_slow_batch_does_not_keep_another_one_out(connect: Connect) -> None:
    import threading

    with scripted(pauses={"dot": 0.06}) as server:
        provider = connect(server)
        slow = threading.Thread(target=lambda: send(provider, *[make_message() for _ in range(150)]))
        slow.start()
        time.sleep(0.1)
        begin = monotonic()
        (result,) = send(provider)
        took = monotonic() - begin
        slow.join()

    assert isinstance(result, Sent)
    assert took < 0.4


def test_wrong_credentials_are_refused_and_told_to_the_operator(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    url = "smtp://shop:s3cret-word@127.0.0.1:{port}?tls=none&from=shop@example.org"

    with scripted(answers={"auth": "535 5.7.8 no such user"}, features=("AUTH PLAIN",)) as server:
        (result,) = send(connect(url.format(port=server.port)))

    assert result == Refused("bad_credentials", "535 5.7.8 no such user", provider_fault=True)
    assert [line.msg for line in caplog.records] == ["provider.bad_credentials"]
    assert "s3cret-word" not in caplog.text + repr(result)


def test_temporary_trouble_with_logging_in_is_tried_again(connect: Connect) -> None:
    with scripted(answers={"auth": "454 4.7.0 later"}, features=("AUTH PLAIN",)) as server:
        (result,) = send(connect(f"smtp://shop:secret@127.0.0.1:{server.port}?tls=none&from=shop@example.org"))

    assert result == Retry("smtp_454", "454 4.7.0 later")


def test_a_server_without_tls_gets_no_mail_when_tls_is_asked_for(connect: Connect) -> None:
    with scripted(features=()) as server:
        (result,) = send(connect(server, tls="starttls"))

    assert (type(result), result.code, server.received) == (Retry, "smtp_not_supported", [])


def test_what_the_server_says_is_masked(connect: Connect) -> None:
    with scripted(answers={"rcpt": "550 5.1.1 <ana@example.org>: no such person"}) as server:
        (result,) = send(connect(server))

    assert result.detail == "550 5.1.1 <a•••@example.org>: no such person"


def test_addresses_beyond_ascii(connect: Connect) -> None:
    addresses = ["ana@bücher.example", "анна@bücher.example"]

    with scripted(features=("SMTPUTF8",)) as server:
        willing = send(connect(server), *[make_message(address=address) for address in addresses])
    with scripted(features=()) as old:
        unwilling = send(connect(old), *[make_message(address=address) for address in addresses])

    assert [type(result) for result in willing + unwilling] == [Sent, Sent, Sent, Refused]
    assert sorted(mail.recipient for mail in server.received) == [
        "ana@xn--bcher-kva.example",
        "анна@xn--bcher-kva.example",
    ]


def test_the_sandbox_takes_mails_and_loses_answers(connect: Connect, tmp_path: Path) -> None:
    sandbox = SandboxProcess(tmp_path / "state").start()
    try:
        provider = connect(f"smtp://127.0.0.1:{sandbox.smtp_port}?from=shop@example.org", timeout_seconds=2.0)
        sandbox.behave({"to": "lost@*", "do": "drop_answer"}, {"to": "slow@*", "do": "throttle", "retry_after": 9})
        messages = [make_message(address=f"{who}@example.org") for who in ("ana", "lost", "slow")]
        fine, lost, slow = send(provider, *messages)
        kept = {row["to"]: row["delivery_id"] for row in sandbox.messages()}
    finally:
        sandbox.kill()

    assert isinstance(fine, Sent)
    assert (type(lost), lost.code) == (Unknown, "connection_lost")
    assert (type(slow), slow.after) == (Retry, timedelta(seconds=9))
    assert kept == {message.address: str(message.delivery_id) for message in messages[:2]}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_mails_go_inside_tls(
    connect: Connect, tls: ssl.SSLContext, certificate: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    with scripted(context=tls, tls_at_once=kind == "tls", features=("STARTTLS", "AUTH PLAIN", "PIPELINING")) as server:
        url = f"smtp://shop:secret@127.0.0.1:{server.port}?tls={kind}&from=shop@example.org"
        results = send(connect(url), *[make_message() for _ in range(12)])

    assert {type(result) for result in results} == {Sent}
    plain = server.commands[: server.commands.index("STARTTLS")] if kind == "starttls" else []
    assert not any(command.startswith(("AUTH", "MAIL")) for command in plain[:2])


@pytest.mark.parametrize("kind", ["starttls", "tls"])
def test_nothing_goes_to_a_server_that_cannot_prove_its_name(connect: Connect, tls: ssl.SSLContext, kind: str) -> None:
    with scripted(context=tls, tls_at_once=kind == "tls", features=("STARTTLS", "AUTH PLAIN")) as server:
        url = f"smtp://shop:secret@127.0.0.1:{server.port}?tls={kind}&from=shop@example.org"
        (result,) = send(connect(url))

    assert result == Retry("tls_failed", "CERTIFICATE_VERIFY_FAILED")
    assert not any(command.startswith(("AUTH", "MAIL")) for command in server.commands)


def test_a_handshake_that_hangs_ends_at_the_deadline(connect: Connect) -> None:
    with scripted(answers={"greeting": SILENCE}) as server:
        url = f"smtp://127.0.0.1:{server.port}?tls=tls&from=shop@example.org"
        begin = monotonic()
        (result,) = send(connect(url, timeout_seconds=0.6))
        took = monotonic() - begin

    assert (type(result), result.code) == (Retry, "timeout")
    assert 0.5 < took < 0.9
