"""What a running instance tells its user: where everything is, and one line that sends a real notification."""

from __future__ import annotations

import json
import shlex

from deploy.local.paths import State, read_json
from deploy.local.runfile import Run

EXAMPLE = {
    "type": "hello",
    "recipients": [{"id": "ana", "email": "ana@example.org"}],
    "channels": ["email", "in_app"],
    "content": {
        "email": {
            "subject": "The bells of Carillon",
            "html": "<h1>Hello Ana</h1><p>This notification <b>rang</b>.</p>",
            "text": "Hello Ana, this notification rang.",
        },
        "in_app": {"title": "Hello Ana", "body": "This notification rang."},
    },
}


def banner(state: State, *, run: Run) -> str:
    """The lines to print when everything answers."""
    if run.api_url is None:
        return "running"
    key = read_json(state.keys).get("live_key", "")
    lines = [
        "",
        f"  API        {run.api_url}/api/v1/",
        f"  API docs   {run.api_url}/api/v1/docs/",
        f"  Admin      {run.api_url}/admin/   make a login: ./carillon manage createsuperuser",
        f"  Sandbox    {run.sandbox_url}/sandbox/   every message that was sent",
        f"  Live key   {key}",
        "",
        "  Send a notification:",
        "",
        f"  {curl(run.api_url, key=key)}",
        "",
        f"  and see it arrive at {run.sandbox_url}/sandbox/",
        "",
    ]
    return "\n".join(lines)


def curl(api_url: str, *, key: str) -> str:
    """One line that sends an e-mail and an inbox item to one person."""
    words = ["curl", "-sS", "-X", "POST", f"{api_url}/api/v1/notifications"]
    words += ["-H", f"Authorization: Bearer {key}", "-H", "Content-Type: application/json", "-d", json.dumps(EXAMPLE)]
    return shlex.join(words)
