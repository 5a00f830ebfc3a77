"""Speaking to the API of templates."""

import json
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.test import Client

ORDER: dict[str, Any] = {
    "name": "Order",
    "parts": {
        "email": {"subject": "Order {{ order_id }}", "html": "<p>Thank you, {{ name }}!</p>"},
        "sms": {"body": "Order {{ order_id }} is on its way."},
    },
    "locales": {"de": {"sms": {"body": "Bestellung {{ order_id }} ist unterwegs."}}},
    "variables": {"type": "object", "properties": {"order_id": {"type": "string"}, "name": {"type": "string"}}},
    "example_data": {"order_id": "123", "name": "Ana <3"},
}


@dataclass(frozen=True, slots=True)
class Api:
    """Speaks JSON below /api/v1 with one credential."""

    credential: str

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return Client().generic(
            method,
            f"/api/v1{path}",
            b"" if body is None else json.dumps(body).encode(),
            content_type="application/json",
            headers={"Authorization": f"Bearer {self.credential}", **sent},
        )

    def put_template(self, key: str = "order", **changes: Any) -> dict[str, Any]:
        """Write a draft that is fine, with some changes."""
        answer = self("PUT", f"/templates/{key}", ORDER | changes)
        assert answer.status_code in (200, 201), answer.content
        return said(answer)

    def publish(self, key: str = "order", note: str = "") -> dict[str, Any]:
        answer = self("POST", f"/templates/{key}/publish", {"note": note})
        assert answer.status_code == 200, answer.content
        return said(answer)


def said(answer: HttpResponse) -> Any:
    return json.loads(answer.content)


def errors(answer: HttpResponse) -> list[tuple[str, str]]:
    """(pointer, code) of everything a 422 tells."""
    assert answer.status_code == 422, answer.content
    return [(error["pointer"], error["code"]) for error in said(answer)["errors"]]
