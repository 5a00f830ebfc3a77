"""The sinks take what real clients send, and remember each of it once."""

import os
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from http.client import HTTPConnection
from pathlib import Path

import pytest

from config.bench.sinks.sink import Sink

ENVIRON = {"PATH": os.environ["PATH"]}


@pytest.fixture
def mail_sink(tmp_path: Path) -> Iterator[Sink]:
    sink = Sink("config.bench.sinks.smtp", processes=2, environ=ENVIRON, folder=tmp_path)
    yield sink
    sink.close()


@pytest.fixture
def hook_sink(tmp_path: Path) -> Iterator[Sink]:
    sink = Sink("config.bench.sinks.http", "0.05", processes=1, environ=ENVIRON, folder=tmp_path)
    yield sink
    sink.close()


def a_mail(id: str, text: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "a@example.org", "b@example.org", "Hi", f"<{id}@x>"
    mail.set_content(text)
    return mail


def test_mails_of_a_real_client_are_remembered_by_their_message_id(mail_sink: Sink) -> None:
    texts = ["hello", "", ".\n..dots\n.", "x" * 300_000]

    for number, text in enumerate(texts):
        with smtplib.SMTP(*mail_sink.address) as client:
            client.send_message(a_mail(f"mail-{number}", text))
            client.send_message(a_mail(f"again-{number}", text))

    expected = [f"{word}-{number}" for word in ("again", "mail") for number in range(len(texts))]
    assert sorted(mail_sink.took()) == expected
    assert mail_sink.took() == []


def test_a_mail_that_was_not_finished_is_not_taken(mail_sink: Sink) -> None:
    with smtplib.SMTP(*mail_sink.address) as client:
        client.docmd("MAIL", "FROM:<a@example.org>")
        client.docmd("RCPT", "TO:<b@example.org>")
        client.docmd("DATA")
        client.send(b"Message-ID: <half@x>\r\n\r\nhalf a mail\r\n")
        client.close()

    assert mail_sink.took() == []


def test_requests_are_answered_after_a_while_on_a_connection_that_stays(hook_sink: Sink) -> None:
    connection = HTTPConnection(*hook_sink.address, timeout=10)
    for number in range(3):
        connection.request("POST", "/hook", body=b"{}" * number, headers={"webhook-id": f"hook-{number}"})
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b'{"ok": true}')

    connection.close()
    assert hook_sink.took() == ["hook-0", "hook-1", "hook-2"]
