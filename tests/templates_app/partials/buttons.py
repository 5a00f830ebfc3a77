"""A partial that is fine, in every form."""

from typing import Any

from tests.templates_app.asking import Api, said

BUTTON: dict[str, Any] = {
    "name": "Button",
    "mjml": '<mj-button href="{{ url }}">{{ label }}</mj-button>',
    "html": '<a href="{{ url }}">{{ label }}</a>',
    "text": "{{ label }}: {{ url }}",
    "parameters": {
        "type": "object",
        "properties": {"url": {"type": "string"}, "label": {"type": "string", "default": "Have a look"}},
        "required": ["url"],
    },
    "example_data": {"url": "https://shop.example/orders/123"},
}


def put_partial(api: Api, key: str = "button", **changes: Any) -> dict[str, Any]:
    """Write and publish a partial that is fine, with some changes."""
    answer = api("PUT", f"/partials/{key}", BUTTON | changes)
    assert answer.status_code in (200, 201), answer.content
    answer = api("POST", f"/partials/{key}/publish")
    assert answer.status_code == 200, answer.content
    found: dict[str, Any] = said(answer)
    return found
