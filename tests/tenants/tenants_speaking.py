"""Speaking to the API and hearing what it says."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON with one credential; bugs are answers too, as they are for real clients."""

    credential: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.credential}", "Content-Type": "application/json", **headers}
        return self.client.generic(method, path, raw, content_type=sent.pop("Content-Type"), headers=sent)


def problem(response: HttpResponse) -> dict[str, Any]:
    """The problem in the answer, which must be one in every respect."""
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = json.loads(response.content)
    assert body["status"] == response.status_code
    assert body["type"] == f"urn:carillon:problem:{body['code']}"
    assert body["title"]
    assert body["detail"]
    return body
