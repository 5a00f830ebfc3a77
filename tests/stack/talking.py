"""What a client says to a running Carillon and to the world that the sandbox plays; a connection per request."""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, with the seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(
    url: str, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """One request on a connection of its own. Raises OSError or HTTPException when no whole answer comes."""
    address = urlsplit(url)
    began = time.monotonic()
    connection = HTTPConnection(str(address.hostname), address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body=body, headers={"Connection": "close", **(headers or {})})
        answer = connection.getresponse()
        content = answer.read()
        return Answer(answer.status, dict(answer.getheaders()), content, time.monotonic() - began)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Api:
    """Carillon's API as the owner of one key sees it; paths begin below `/api/v1`."""

    url: str
    key: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Say it once, whatever the answer. Header names are written with underscores."""
        written = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            written["Content-Type"] = "application/json"
        written["Authorization"] = f"Bearer {self.key}"
        content = None if body is None else json.dumps(body).encode()
        return ask(self.url, method, f"/api/v1{path}", body=content, headers=written)

    def get(self, path: str, **query: Any) -> Any:
        """The JSON of an answer that has to be 200."""
        answer = self("GET", f"{path}?{urlencode(query)}" if query else path)
        assert answer.status == 200, (path, answer.status, answer.body)
        return answer.json

    def every(self, path: str, **query: Any) -> list[dict[str, Any]]:
        """All pages of a list."""
        page = self.get(path, limit=200, **query)
        found = list(page["results"])
        while page["next"]:
            address = urlsplit(page["next"])
            page = self.get(f"{address.path.removeprefix('/api/v1')}?{address.query}")
            found += page["results"]
        return found

    def post(self, path: str, body: Any, *, status: int = 202, **headers: str) -> Any:
        """The JSON of an answer that has to be `status`."""
        answer = self("POST", path, body, **headers)
        assert answer.status == status, (path, answer.status, answer.body)
        return answer.json

    def put(self, path: str, body: Any) -> Any:
        """The JSON of an answer that has to be 200 or 201."""
        answer = self("PUT", path, body)
        assert answer.status in (200, 201), (path, answer.status, answer.body)
        return answer.json

    def notify(self, **request: Any) -> dict[str, Any]:
        """Have a notification accepted; the answer."""
        accepted: dict[str, Any] = self.post("/notifications", request)
        return accepted

    def deliveries(self, notification: Mapping[str, Any], **query: Any) -> list[dict[str, Any]]:
        """Every delivery of a notification."""
        return self.every(f"/notifications/{notification['id']}/deliveries", **query)

    def timeline(self, notification: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The whole story of a notification, oldest first."""
        return self.every(f"/notifications/{notification['id']}/timeline")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """The outside world: what it accepted, and how it is to misbehave."""

    url: str

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of an answer that has to be a success."""
        content = None if body is None else json.dumps(body).encode()
        answer = ask(self.url, method, f"/sandbox/api/{path}", body=content)
        assert 200 <= answer.status < 300, (path, answer.status, answer.body)
        return answer.json if answer.body else None

    def messages(self, **query: Any) -> list[dict[str, Any]]:
        """The newest messages that fit, up to 1,000."""
        return list(self("GET", f"messages?{urlencode({'limit': 1000, **query})}")["results"])

    def accepted(self) -> dict[UUID, int]:
        """How often each delivery was accepted."""
        return {UUID(row["delivery_id"]): int(row["times"]) for row in self("GET", "ledger")["results"]}

    @contextmanager
    def behaving(self, *rules: Mapping[str, Any]) -> Iterator[None]:
        """Misbehave by these rules meanwhile; afterwards, if it still lives, everything is accepted again."""
        self("PUT", "behaviours", list(rules))
        try:
            yield
        finally:
            self.behave()

    def behave(self) -> None:
        """Accept everything from now on; waits for a sandbox that is being restarted."""
        for _ in range(100):
            try:
                self("DELETE", "behaviours")
                return
            except (OSError, HTTPException):
                time.sleep(0.1)
        raise AssertionError("the sandbox did not come back")


def text(subject: str = "Hello", body: str = "Hello from the tower.") -> dict[str, Any]:
    """The content of an e-mail."""
    return {"email": {"subject": subject, "text": body}}
