"""A real sandbox process for tests: start, talk to it as a provider's client would, stop it, kill it."""

import json
import signal
import smtplib
import subprocess
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).parents[3]


class SandboxProcess:
    """`python -m channels_app.sandbox` on free ports; a restart keeps its ports and its state."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.log = state.with_suffix(".log")
        self.http_port = self.smtp_port = 0
        self.popen: subprocess.Popen[str] | None = None

    def command(self) -> list[str]:
        ports = ["--http-port", str(self.http_port), "--smtp-port", str(self.smtp_port)]
        return [sys.executable, "-m", "channels_app.sandbox", *ports, "--state", str(self.state)]

    def start(self) -> "SandboxProcess":
        with self.log.open("a") as log:
            self.popen = subprocess.Popen(self.command(), cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True)
        assert self.popen.stdout is not None
        ready = json.loads(self.popen.stdout.readline() or self.fail())
        self.http_port = int(ready["http"].rpartition(":")[2])
        self.smtp_port = int(ready["smtp"].rpartition(":")[2])
        return self

    def fail(self) -> str:
        raise AssertionError(f"the sandbox did not start: {self.log.read_text()}")

    def stop(self) -> int:
        return self._end(signal.SIGTERM)

    def kill(self) -> int:
        return self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> int:
        assert self.popen is not None
        self.popen.send_signal(number)
        code = self.popen.wait(timeout=10)
        assert self.popen.stdout is not None
        self.popen.stdout.close()
        return code

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/sandbox/"

    # -- HTTP --------------------------------------------------------------------------------------------------------

    def request(self, method: str, path: str, body: bytes | None = None) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        try:
            connection.request(method, path if path.startswith("/") else f"/sandbox/{path}", body=body)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def api(self, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, Any]:
        asked = f"api/{path}" + (f"?{urlencode(query)}" if query else "")
        status, _, content = self.request(method, asked, None if body is None else json.dumps(body).encode())
        return status, json.loads(content) if content else None

    def get(self, path: str, **query: Any) -> Any:
        status, content = self.api("GET", path, **query)
        assert status == 200, content
        return content

    def messages(self, **query: Any) -> list[dict[str, Any]]:
        return list(self.get("messages", **query)["results"])

    def behave(self, *rules: dict[str, Any]) -> None:
        status, content = self.api("PUT", "behaviours", list(rules))
        assert status == 200, content

    def clear(self) -> None:
        assert self.api("DELETE", "messages") == (204, None)
        assert self.api("DELETE", "behaviours") == (204, None)

    # -- SMTP --------------------------------------------------------------------------------------------------------

    def smtp(self, *, timeout: float = 20) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=timeout)

    def send(self, *to: str, timeout: float = 20, **mail: Any) -> None:
        with self.smtp(timeout=timeout) as client:
            client.send_message(make_mail(*to, **mail), "shop@example.org", to)

    def answer_to(self, *to: str, **mail: Any) -> tuple[int, str]:
        """The answer to the end of DATA, whatever it is."""
        client = self.smtp()
        client.ehlo()
        client.mail("shop@example.org")
        for each in to:
            client.rcpt(each)
        code, text = client.data(make_mail(*to, **mail).as_bytes(policy=SMTP))
        client.close()
        return code, text.decode()


def make_mail(
    *to: str,
    subject: str = "Your order",
    text: str = "On its way.\n",
    html: str | None = None,
    delivery_id: str | None = None,
    headers: Sequence[tuple[str, str]] = (),
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Shop <shop@example.org>"
    mail["To"] = ", ".join(to)
    mail["Subject"] = subject
    if delivery_id is not None:
        mail["X-Carillon-Delivery-Id"] = delivery_id
    for name, value in headers:
        mail[name] = value
    mail.set_content(text)
    if html is not None:
        mail.add_alternative(html, subtype="html")
    return mail
