"""Mails over SMTP, as they come to stand in the ledger."""

import smtplib
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tests.channels_app.sandbox.process import SandboxProcess, make_mail

DELIVERY = "0190f3a2-7c1e-7b2a-9d4f-000000000001"


def test_a_mail_is_kept_with_all_its_parts(sandbox: SandboxProcess) -> None:
    before = datetime.now(UTC)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = [("Message-ID", "<1@shop>"), ("X-Carillon-Traceparent", trace)]

    parts = {"subject": "Déjà là", "text": "Été\n", "html": "<p>Été</p>\n", "delivery_id": DELIVERY}
    mail = make_mail("ana@example.org", headers=headers, **parts)
    mail.set_boundary("here")

    with sandbox.smtp() as client:
        client.send_message(mail, "shop@example.org", ["ana@example.org"])

    (message,) = sandbox.messages()
    received_at = message.pop("received_at")
    assert received_at.endswith("Z")
    assert before <= datetime.fromisoformat(received_at) <= datetime.now(UTC)
    assert message.pop("headers") == {
        "From": "Shop <shop@example.org>",
        "To": "ana@example.org",
        "Subject": "Déjà là",
        "X-Carillon-Delivery-Id": DELIVERY,
        "Message-ID": "<1@shop>",
        "X-Carillon-Traceparent": trace,
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="here"',
    }
    size = len(sandbox.request("GET", f"api/messages/{message['id']}/raw")[2])
    assert message == {
        "id": message["id"],
        "channel": "email",
        "provider": "smtp",
        "to": "ana@example.org",
        "from": "shop@example.org",
        "subject": "Déjà là",
        "delivery_id": DELIVERY,
        "text": "Été\n",
        "html": "<p>Été</p>\n",
        "payload": {"message_id": "<1@shop>", "size": size, "attachments": [], "receipts": []},
    }


def test_each_recipient_of_the_envelope_is_a_row_and_the_bcc_too(sandbox: SandboxProcess) -> None:
    with sandbox.smtp() as client:
        client.send_message(
            make_mail("a@example.org", delivery_id=DELIVERY), "s@example.org", ["a@example.org", "b@example.org"]
        )

    rows = sandbox.messages()

    assert [row["to"] for row in rows] == ["b@example.org", "a@example.org"]
    assert {row["headers"]["To"] for row in rows} == {"a@example.org"}
    assert sandbox.get("ledger")["results"] == [{"delivery_id": DELIVERY, "times": 1}]


def test_repeated_headers_are_a_list(sandbox: SandboxProcess) -> None:
    sandbox.send("a@example.org", headers=[("X-Tag", "one"), ("X-Other", "x"), ("x-tag", "two")])

    (message,) = sandbox.messages()

    assert message["headers"]["X-Tag"] == ["one", "two"]
    assert message["headers"]["X-Other"] == "x"


def test_a_mail_that_is_not_ours_has_no_delivery_id(sandbox: SandboxProcess) -> None:
    sandbox.send("a@example.org")

    (message,) = sandbox.messages()

    assert message["delivery_id"] is None
    assert sandbox.get("ledger")["results"] == []


def test_attachments_are_named_and_can_be_fetched(sandbox: SandboxProcess) -> None:
    mail = make_mail("a@example.org")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="facture-é.pdf")
    mail.add_attachment("not the body", filename="notes.txt")
    with sandbox.smtp() as client:
        client.send_message(mail, "s@example.org", ["a@example.org"])

    (message,) = sandbox.messages()

    assert message["text"] == "On its way.\n"
    assert message["payload"]["attachments"] == [
        {"filename": "facture-é.pdf", "content_type": "application/pdf", "size": 8},
        {"filename": "notes.txt", "content_type": "text/plain", "size": 14},
    ]
    status, headers, content = sandbox.request("GET", f"api/messages/{message['id']}/attachments/0")
    assert (status, content, headers["Content-Type"]) == (200, b"%PDF-1.4", "application/octet-stream")
    assert headers["Content-Disposition"] == "attachment; filename*=UTF-8''facture-%C3%A9.pdf"
    assert sandbox.request("GET", f"api/messages/{message['id']}/attachments/2")[0] == 404


def test_the_raw_mail_is_what_came_over_the_wire(sandbox: SandboxProcess) -> None:
    raw = b"Subject: dots\r\n\r\n.leading dot\r\n..two\r\n\xe9 not utf-8\r\n"
    with sandbox.smtp() as client:
        client.sendmail("s@example.org", ["a@example.org"], raw)

    (message,) = sandbox.messages()

    status, headers, content = sandbox.request("GET", f"api/messages/{message['id']}/raw")
    assert (status, content) == (200, raw)
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert message["text"] == ".leading dot\n..two\n\ufffd not utf-8\n"


def test_addresses_and_headers_in_utf8_are_taken(sandbox: SandboxProcess) -> None:
    mail = "Subject: 您好\r\n\r\n谢谢\r\n".encode()
    with sandbox.smtp() as client:
        client.sendmail("s@example.org", ["用户@例子.example"], mail, mail_options=["SMTPUTF8", "BODY=8BITMIME"])

    (message,) = sandbox.messages()

    assert (message["to"], message["subject"], message["text"]) == ("用户@例子.example", "您好", "谢谢\n")


def test_a_mail_without_a_sender_is_taken(sandbox: SandboxProcess) -> None:
    with sandbox.smtp() as client:
        client.sendmail("", ["a@example.org"], b"Subject: bounce\r\n\r\n")

    assert [message["subject"] for message in sandbox.messages()] == ["bounce"]


def test_any_login_is_taken_and_none_is_kept(sandbox: SandboxProcess) -> None:
    with sandbox.smtp() as client:
        client.login("user", "correct-horse")
        client.send_message(make_mail("a@example.org"), "s@example.org", ["a@example.org"])

    assert "correct-horse" not in str(sandbox.messages())
    assert not any(b"correct-horse" in file.read_bytes() for file in sandbox.state.iterdir())


def test_the_server_names_what_it_can_do(sandbox: SandboxProcess) -> None:
    with sandbox.smtp() as client:
        client.ehlo()

        assert {"size", "8bitmime", "smtputf8", "pipelining", "enhancedstatuscodes", "auth"} <= set(
            client.esmtp_features
        )
        assert client.esmtp_features["size"] == str(25 * 1024 * 1024)


def test_commands_may_be_pipelined(sandbox: SandboxProcess) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.smtp_port), timeout=10) as wire, wire.makefile("rb") as answers:
        envelope = b"MAIL FROM:<s@example.org>\r\nRCPT TO:<a@example.org>\r\nDATA\r\n"
        wire.sendall(b"EHLO x\r\n" + envelope)
        codes = [line[:4] for line in (answers.readline() for _ in range(12)) if line[:4] != b"250-"]
        wire.sendall(b"Subject: 1\r\n\r\n.\r\n" + envelope + b"Subject: 2\r\n\r\n.\r\nQUIT\r\n")
        codes += [answers.readline()[:4] for _ in range(6)]

    assert codes == [b"220 ", b"250 ", b"250 ", b"250 ", b"354 ", b"250 ", b"250 ", b"250 ", b"354 ", b"250 ", b"221 "]
    assert [message["subject"] for message in sandbox.messages()] == ["2", "1"]


def test_a_mail_beyond_the_size_limit_is_refused_before_and_after_its_data(sandbox: SandboxProcess) -> None:
    limit = 25 * 1024 * 1024
    body = (b"x" * 76 + b"\r\n") * (limit // 78 + 1)
    with sandbox.smtp(timeout=60) as client:
        client.ehlo()
        declared = client.mail("s@example.org", [f"SIZE={limit + 1}"])[0]
        client.rset()
        client.mail("s@example.org")
        client.rcpt("a@example.org")
        undeclared = client.data(b"Subject: big\r\n\r\n" + body)[0]

    assert (declared, undeclared) == (552, 552)
    assert sandbox.messages() == []


def test_a_big_mail_is_taken_whole(sandbox: SandboxProcess) -> None:
    mail = make_mail("a@example.org")
    mail.add_attachment(b"\x00\xff" * 4_000_000, maintype="application", subtype="octet-stream", filename="big.bin")
    with sandbox.smtp(timeout=60) as client:
        client.send_message(mail, "s@example.org", ["a@example.org"])

    (message,) = sandbox.messages()

    assert message["payload"]["attachments"][0]["size"] == 8_000_000
    assert sandbox.request("GET", f"api/messages/{message['id']}/attachments/0")[2] == b"\x00\xff" * 4_000_000


def test_two_hundred_connections_at_once_lose_nothing(sandbox: SandboxProcess) -> None:
    clients = [sandbox.smtp(timeout=60) for _ in range(200)]

    def send(number: int) -> dict[str, tuple[int, bytes]]:
        mail = make_mail("a@example.org", delivery_id=f"delivery-{number}")
        return clients[number].send_message(mail, "s@example.org", ["a@example.org"])

    with ThreadPoolExecutor(50) as threads:
        refused = [answer for answer in threads.map(send, range(200)) if answer]
    for client in clients:
        client.quit()

    assert refused == []
    assert sandbox.get("messages/count") == {"count": 200, "by_delivery_duplicates": 0}
    assert {row["delivery_id"] for row in sandbox.get("ledger")["results"]} == {f"delivery-{n}" for n in range(200)}


def test_clients_that_vanish_leave_no_error_behind(own_sandbox: SandboxProcess) -> None:
    for said in (b"", b"EHLO x\r\n", b"EHLO x\r\nMAIL FROM:<s@x.org>\r\nRCPT TO:<a@x.org>\r\nDATA\r\nSubject: half"):
        wire = socket.create_connection(("127.0.0.1", own_sandbox.smtp_port), timeout=10)
        wire.sendall(said)
        wire.recv(1000)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        wire.close()
    own_sandbox.send("a@example.org")

    assert own_sandbox.stop() == 0
    assert "Traceback" not in own_sandbox.log.read_text()


@pytest.mark.parametrize("nonsense", [b"\r\n", b"\xff\xfe\r\n", b"MAIL\r\n", b"DATA\r\n", b"A" * 5000 + b"\r\n"])
def test_nonsense_is_answered_and_does_no_harm(sandbox: SandboxProcess, nonsense: bytes) -> None:
    with socket.create_connection(("127.0.0.1", sandbox.smtp_port), timeout=10) as wire, wire.makefile("rb") as answers:
        answers.readline()
        wire.sendall(nonsense)
        answer = answers.readline()

    assert answer[:1] == b"5"
    sandbox.send("a@example.org")
    assert len(sandbox.messages()) == 1


def test_a_message_in_a_message_is_one_attachment(sandbox: SandboxProcess) -> None:
    inner = make_mail("inner@example.org", subject="inside", text="inner text\n")
    outer = EmailMessage()
    outer["Subject"] = "outside"
    outer.set_content("outer text\n")
    outer.add_attachment(inner)
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as client:
        client.send_message(outer, "s@example.org", ["a@example.org"])

    (message,) = sandbox.messages()

    assert (message["subject"], message["text"]) == ("outside", "outer text\n")
    assert [part["content_type"] for part in message["payload"]["attachments"]] == ["message/rfc822"]
