"""Every behaviour as an SMTP client meets it, and what the ledger says afterwards."""

import smtplib
import socket
import time
from datetime import datetime, timedelta

import pytest

from tests.channels_app.sandbox.process import SandboxProcess

DELIVERY = "0190f3a2-7c1e-7b2a-9d4f-000000000001"


def test_without_a_behaviour_a_mail_is_accepted_under_its_id(sandbox: SandboxProcess) -> None:
    code, text = sandbox.answer_to("a@example.org")

    (message,) = sandbox.messages()
    assert (code, text) == (250, f"2.0.0 Ok: accepted as {message['id']}")


def test_a_delay_answers_late_and_accepts(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "delay", "seconds": 0.4})

    begun = time.monotonic()
    code, _ = sandbox.answer_to("a@example.org")

    assert code == 250
    assert time.monotonic() - begun >= 0.4
    assert len(sandbox.messages()) == 1


def test_a_client_that_gives_up_during_a_delay_was_not_accepted(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "delay", "seconds": 0.6})

    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected)):
        sandbox.send("a@example.org", timeout=0.2)
    time.sleep(0.8)

    assert sandbox.messages() == []


def test_a_delay_holds_up_nobody_else(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "delay", "seconds": 5, "to": "slow@example.org"})
    slow = sandbox.smtp()
    slow.ehlo()
    slow.mail("s@example.org")
    slow.rcpt("slow@example.org")
    slow.putcmd("DATA")
    slow.getreply()
    slow.send(b"Subject: x\r\n\r\n.\r\n")

    begun = time.monotonic()
    sandbox.send("quick@example.org")

    assert time.monotonic() - begun < 2
    slow.close()


@pytest.mark.parametrize(
    ("status", "code", "enhanced"),
    [
        *[(status, status, None) for status in (450, 451, 452, 454, 455, *range(550, 560))],
        (421, 421, "4.3.2"),
        (550, 550, "5.1.1"),
        (552, 552, "5.2.2"),
        (559, 559, "5.3.0"),
        *[(status, 451, "4.3.0") for status in (408, 425, 429, 500, 501, 502, 503, 504)],
        *[(status, 550, "5.1.1") for status in (400, 401, 403, 404, 405, 410, 413, 415, 422)],
        *[(status, 451, "4.3.0") for status in (None, 418, 511)],
    ],
)
def test_an_error_answers_in_the_words_of_smtp_and_accepts_nothing(
    sandbox: SandboxProcess, status: int | None, code: int, enhanced: str | None
) -> None:
    sandbox.behave({"do": "error", "status": status})

    answered, text = sandbox.answer_to("a@example.org")

    assert answered == code
    assert enhanced is None or text.startswith(f"{enhanced} ")
    assert sandbox.messages() == []


def test_a_421_closes_the_connection(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 421})
    with sandbox.smtp() as client:
        client.ehlo()
        client.mail("s@example.org")
        client.rcpt("a@example.org")
        client.putcmd("DATA")
        client.getreply()
        client.send(b"Subject: x\r\n\r\n.\r\n")

        assert client.getreply()[0] == 421
        assert client.sock is not None
        assert client.sock.recv(100) == b""


def test_a_throttle_says_when_to_come_back(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "throttle", "retry_after": 30})

    code, text = sandbox.answer_to("a@example.org")

    assert (code, text) == (451, "4.7.0 Too many messages, slow down; retry_after=30")
    assert sandbox.messages() == []


def test_a_rejection_is_kept_beside_the_ledger(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 503})
    sandbox.answer_to("a@example.org", subject="No", delivery_id=DELIVERY)

    (rejection,) = sandbox.get("rejections")["results"]

    assert rejection.pop("rejected_at").endswith("Z")
    assert rejection.pop("id").startswith("rej-")
    assert rejection == {
        "channel": "email",
        "provider": "smtp",
        "to": "a@example.org",
        "from": "shop@example.org",
        "subject": "No",
        "delivery_id": DELIVERY,
        "do": "error",
        "status": 451,
        "answer": "451 4.3.0 Refused by a sandbox behaviour (status 503)",
    }
    assert sandbox.get("ledger")["results"] == []


def test_a_dropped_answer_is_in_the_ledger_though_the_client_saw_none(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "drop_answer", "times": 1})

    with pytest.raises(smtplib.SMTPServerDisconnected):
        sandbox.send("a@example.org", delivery_id=DELIVERY)
    sandbox.send("a@example.org", delivery_id=DELIVERY)

    assert [message["delivery_id"] for message in sandbox.messages()] == [DELIVERY, DELIVERY]
    assert sandbox.get("messages/count") == {"count": 2, "by_delivery_duplicates": 1}
    assert sandbox.get("ledger")["results"] == [{"delivery_id": DELIVERY, "times": 2}]


def test_a_dripping_answer_comes_byte_by_byte(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "drip", "seconds": 0.03})
    with socket.create_connection(("127.0.0.1", sandbox.smtp_port), timeout=10) as wire:
        wire.recv(1000)
        for line in (b"HELO x\r\n", b"MAIL FROM:<s@x.org>\r\n", b"RCPT TO:<a@x.org>\r\n", b"DATA\r\n"):
            wire.sendall(line)
            wire.recv(1000)
        wire.sendall(b"Subject: x\r\n\r\n.\r\n")
        begun, pieces = time.monotonic(), []
        while not b"".join(pieces).endswith(b"\r\n"):
            pieces.append(wire.recv(1000))

    assert len(pieces) > 20
    assert time.monotonic() - begun >= 0.03 * 20
    assert b"".join(pieces).startswith(b"250 2.0.0 Ok: accepted as msg-")
    assert len(sandbox.messages()) == 1


@pytest.mark.parametrize(
    ("do", "kind"),
    [
        ("deliver", "delivered"),
        ("bounce", "bounced"),
        ("complain", "complained"),
        ("open", "opened"),
        ("click", "clicked"),
    ],
)
def test_a_receipt_is_planned_beside_the_accepted_message(sandbox: SandboxProcess, do: str, kind: str) -> None:
    sandbox.behave({"do": do, "seconds": 5, "status": 550})

    code, _ = sandbox.answer_to("a@example.org")

    (message,) = sandbox.messages()
    (receipt,) = message["payload"]["receipts"]
    due_at = datetime.fromisoformat(receipt.pop("due_at"))
    assert code == 250
    assert receipt == {"kind": kind, "status": 550, "state": "planned"}
    assert due_at == datetime.fromisoformat(message["received_at"]) + timedelta(seconds=5)


def test_each_recipient_has_its_own_receipts(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "bounce", "to": "gone@*"}, {"do": "open", "to": "eager@*"})

    sandbox.answer_to("gone@example.org", "eager@example.org", "plain@example.org")

    kinds = {m["to"]: [receipt["kind"] for receipt in m["payload"]["receipts"]] for m in sandbox.messages()}
    assert kinds == {"gone@example.org": ["bounced"], "eager@example.org": ["opened"], "plain@example.org": []}


def test_one_refused_recipient_refuses_the_envelope(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 550, "to": "gone@*"})

    code, _ = sandbox.answer_to("a@example.org", "gone@example.org", "b@example.org")

    assert code == 550
    assert sandbox.messages() == []
    assert [rejection["to"] for rejection in sandbox.get("rejections")["results"]] == ["gone@example.org"]


def test_times_count_down_and_then_the_next_rule_has_its_say(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "status": 450, "times": 2}, {"do": "error", "status": 550, "to": "a@*", "times": 1})

    codes = [sandbox.answer_to("a@example.org")[0] for _ in range(4)]

    assert codes == [450, 450, 550, 250]
    assert [rule["times"] for rule in sandbox.get("behaviours")] == [0, 0]


def test_a_seeded_probability_falls_the_same_way_every_time(sandbox: SandboxProcess) -> None:
    runs = []
    for _ in range(2):
        sandbox.behave({"do": "error", "status": 450, "probability": 0.5, "seed": 42})
        runs.append([sandbox.answer_to("a@example.org")[0] for _ in range(20)])

    assert runs[0] == runs[1]
    assert set(runs[0]) == {250, 450}


def test_a_rule_for_another_channel_does_not_touch_mail(sandbox: SandboxProcess) -> None:
    sandbox.behave({"do": "error", "channel": "sms"}, {"do": "error", "provider": "sendgrid"})

    assert sandbox.answer_to("a@example.org")[0] == 250


def test_a_failing_ledger_accepts_nothing_and_says_so(own_sandbox: SandboxProcess) -> None:
    for file in own_sandbox.state.glob("ledger*"):
        file.write_bytes(b"\0" * file.stat().st_size)
    code, text = own_sandbox.answer_to("a@example.org")

    assert code == 451
    assert "its log says why" in text
    assert "DatabaseError" in own_sandbox.log.read_text()
