"""The life of the sandbox process: start, refusals, clean stop, death and return."""

import smtplib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.channels_app.sandbox.process import ROOT, SandboxProcess, make_mail


def test_the_ledger_and_the_behaviours_survive_a_kill(own_sandbox: SandboxProcess) -> None:
    own_sandbox.behave({"do": "error", "to": "no@*", "times": 5}, {"do": "drop_answer", "to": "lost@*"})
    own_sandbox.send("a@example.org", delivery_id="d-1")
    own_sandbox.answer_to("no@example.org", delivery_id="d-2")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        own_sandbox.send("lost@example.org", delivery_id="d-3")
    before = [own_sandbox.get(path) for path in ("messages", "rejections", "ledger", "messages/count", "behaviours")]

    own_sandbox.kill()
    own_sandbox.start()

    after = [own_sandbox.get(path) for path in ("messages", "rejections", "ledger", "messages/count", "behaviours")]
    assert after == before
    assert [message["delivery_id"] for message in after[0]["results"]] == ["d-3", "d-1"]
    assert [rule.get("times") for rule in after[4]] == [4, None]


def test_what_was_acknowledged_before_a_kill_in_full_flight_is_in_the_ledger(own_sandbox: SandboxProcess) -> None:
    acknowledged = set()
    client = own_sandbox.smtp()
    deadline = time.monotonic() + 0.7
    for number in range(100_000):
        delivery_id = f"d-{number}"
        client.send_message(make_mail("a@example.org", delivery_id=delivery_id), "s@example.org", ["a@example.org"])
        acknowledged.add(delivery_id)
        if time.monotonic() > deadline:
            break
    own_sandbox.kill()
    client.close()

    own_sandbox.start()

    kept = {row["delivery_id"]: row["times"] for row in own_sandbox.get("ledger")["results"]}
    assert len(acknowledged) > 20
    assert kept == dict.fromkeys(acknowledged, 1)


def test_a_stop_is_clean_though_clients_hang_on(own_sandbox: SandboxProcess) -> None:
    own_sandbox.behave({"do": "delay", "seconds": 60, "to": "slow@*"})
    idle, waiting = own_sandbox.smtp(), own_sandbox.smtp()
    waiting.ehlo()
    waiting.mail("s@example.org")
    waiting.rcpt("slow@example.org")
    waiting.putcmd("DATA")
    waiting.getreply()
    waiting.send(b"Subject: x\r\n\r\n.\r\n")
    time.sleep(0.2)

    begun = time.monotonic()
    code = own_sandbox.stop()

    assert code == 0
    assert time.monotonic() - begun < 5
    assert "Traceback" not in own_sandbox.log.read_text()
    idle.close()
    waiting.close()


def test_a_port_in_use_is_named_and_ends_the_start(own_sandbox: SandboxProcess, tmp_path: Path) -> None:
    other = SandboxProcess(tmp_path / "other")
    other.smtp_port = own_sandbox.smtp_port

    ended = subprocess.run(other.command(), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith("sandbox: ")
    assert str(own_sandbox.smtp_port) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_state_directory_in_use_ends_the_start(own_sandbox: SandboxProcess) -> None:
    ended = subprocess.run(
        SandboxProcess(own_sandbox.state).command(), cwd=ROOT, capture_output=True, text=True, timeout=20, check=False
    )

    assert ended.returncode == 2
    assert "another sandbox is using" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_sandbox_knows_nothing_of_the_project_it_plays_for() -> None:
    strangers = {"kernel", "tenants", "events", "audience", "templates_app", "preferences", "notifications"}
    strangers |= {"orchestrator", "analytics", "config", "django"}
    look = "import sys, channels_app.sandbox.__main__ as main; main.find_protocols(); print(*sys.modules)"

    ended = subprocess.run(
        [sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, timeout=20, check=True
    )

    loaded = set(ended.stdout.split())
    assert {name.split(".")[0] for name in loaded} & strangers == set()
    beside = {name for name in loaded if name.startswith("channels_app.")}
    assert {name for name in beside if not name.startswith("channels_app.sandbox")} == set()
    assert "channels_app.sandbox.protocols.smtp" in beside
