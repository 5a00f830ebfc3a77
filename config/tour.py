"""The guided tour: a newcomer's first ten minutes against the running system, over HTTP alone.

It speaks with a test key, so whatever is configured, every message ends in the provider sandbox.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests
from rich.console import Console
from rich.panel import Panel
from rich.syntax import Syntax
from rich.table import Table

PATIENCE_SECONDS = 60.0
ERRORS_FROM = 400
DONE = frozenset({"completed", "failed", "cancelled", "expired"})


class TourFailed(Exception):
    """Something did not go as told; the message says what."""


@dataclass(frozen=True, slots=True)
class Tour:
    """Where the system is and how the tour speaks to it. `name` keeps one tour's recipients apart from another's."""

    api_url: str
    sandbox_url: str
    key: str = field(repr=False)
    console: Console
    name: str = field(default_factory=lambda: uuid4().hex[:6])

    def walk(self) -> None:
        """All stations, in order. Raises `TourFailed`."""
        for station in (self.send, self.outage, self.dead_letter, self.farewell):
            station()
            self.console.print()

    def send(self) -> None:
        """One request, two channels, and what became of it."""
        self._title(
            "1  A notification", "One request becomes an e-mail and an item in an in-app inbox, in Ana's French."
        )
        body = {
            "type": "order_confirmation",
            "recipients": [{"id": f"ana-{self.name}", "email": f"ana-{self.name}@example.org", "locale": "fr"}],
            "data": {"order_id": "4711", "total": "99.90", "first_name": "Ana", "delivery_on": "2026-12-03"},
            "channels": ["email", "in_app"],
        }
        self._show("POST /api/v1/notifications", body)
        accepted = self._call("POST", "/notifications", body)
        self.console.print(
            f"[green]202[/] accepted as [bold]{accepted['id']}[/]: it is on disk, nothing can lose it now."
        )
        self._until_done(accepted["id"])
        self._deliveries(accepted["id"])
        self.console.print("Its timeline tells every step:")
        self._timeline(accepted["id"])
        self.console.print(f"Read the mail at [link]{self.sandbox_url}/sandbox/[/link]")

    def outage(self) -> None:
        """The provider fails; retries, then the next channel."""
        self._title(
            "2  A provider outage", "The mail providers are down for Bob: retries, other providers, the next channel."
        )
        address = f"bob-{self.name}@example.org"
        self._call(
            "PUT",
            f"/strategies/tour-{self.name}",
            {
                "name": "Tour",
                "kind": "sequential",
                "configuration": {
                    "steps": [{"channel": "email"}, {"channel": "in_app", "after_seconds": 3600}],
                    "fallback_after_seconds": 2,
                },
            },
        )
        self._behave([{"channel": "email", "to": address, "do": "error", "status": 503}])
        accepted = self._call(
            "POST",
            "/notifications",
            {
                "recipients": [{"id": f"bob-{self.name}", "email": address}],
                "strategy": f"tour-{self.name}",
                "content": {
                    "email": {"subject": "Your parcel", "text": "It is on its way."},
                    "in_app": {"title": "Your parcel", "body": "It is on its way."},
                },
            },
        )
        self._until_done(accepted["id"])
        self._deliveries(accepted["id"])
        self._behave([])
        self._call("DELETE", f"/strategies/tour-{self.name}")
        self._calls(accepted["id"])
        self.console.print(
            "Each account had its calls, then the next one took over; with none left the e-mail [red]failed[/], "
            "and the inbox item came two seconds later."
        )

    def dead_letter(self) -> None:
        """No way left: a dead letter, replayed when the provider is back."""
        self._title("3  A dead letter", "Carol has only e-mail. When every way is used up, it is kept, not lost.")
        address = f"carol-{self.name}@example.org"
        self._behave([{"channel": "email", "to": address, "do": "error", "status": 503}])
        accepted = self._call(
            "POST",
            "/notifications",
            {
                "recipients": [{"id": f"carol-{self.name}", "email": address}],
                "content": {"email": {"subject": "Your ticket", "text": "Here it is."}},
            },
        )
        self._until_done(accepted["id"])
        self._deliveries(accepted["id"])
        letters = self._call("GET", f"/dead-letters?notification={accepted['id']}")["results"]
        if not letters:
            raise TourFailed("the delivery should have become a dead letter, and did not")
        self.console.print(f"A dead letter: [bold]{letters[0]['reason']}[/]. The provider is back; replay it:")
        self._behave([])
        replay = {"ids": [letters[0]["id"]]}
        self._show("POST /api/v1/dead-letters/replay", replay)
        self._call("POST", "/dead-letters/replay", replay)
        self._wait(lambda: self._statuses(accepted["id"]) == ["sent"], "the replayed mail to be sent")
        self._deliveries(accepted["id"])

    def farewell(self) -> None:
        """What to try next."""
        self._title("What to try next", "")
        for line in (
            f"[link]{self.sandbox_url}/sandbox/[/link]  every message that went out, and switches for outages",
            f"[link]{self.api_url}/api/v1/docs[/link]  every route, to try in the browser",
            f"[link]{self.api_url}/admin/[/link]  the operators' view (login: ./carillon manage createsuperuser)",
            "./carillon manage verify_ledger  proof that nothing was lost",
            "./carillon status  what runs; kill any of it with -9 and watch it come back",
        ):
            self.console.print(f"  • {line}")

    def _title(self, title: str, text: str) -> None:
        self.console.print(Panel(text or "You have seen the way of a notification.", title=title, title_align="left"))

    def _show(self, title: str, body: Mapping[str, Any]) -> None:
        self.console.print(f"[bold]{title}[/]")
        self.console.print(Syntax(_pretty(body), "json", background_color="default", word_wrap=True))

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        answer = requests.request(
            method,
            f"{self.api_url}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=15,
        )
        if answer.status_code >= ERRORS_FROM:
            raise TourFailed(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
        return answer.json() if answer.content else None

    def _behave(self, behaviours: Sequence[Mapping[str, Any]]) -> None:
        requests.put(f"{self.sandbox_url}/sandbox/api/behaviours", json=behaviours, timeout=15).raise_for_status()

    def _until_done(self, id: str) -> None:
        self._wait(lambda: self._call("GET", f"/notifications/{id}")["status"] in DONE, f"notification {id} to end")

    def _statuses(self, id: str) -> list[str]:
        return [row["status"] for row in self._call("GET", f"/notifications/{id}/deliveries")["results"]]

    def _wait(self, true: Callable[[], bool], what: str) -> None:
        until = time.monotonic() + PATIENCE_SECONDS
        with self.console.status(f"waiting for {what} …"):
            while not true():
                if time.monotonic() > until:
                    raise TourFailed(
                        f"waited {PATIENCE_SECONDS:.0f} s for {what}; is a worker running? ./carillon status"
                    )
                time.sleep(0.2)

    def _deliveries(self, id: str) -> None:
        table = Table("channel", "status", "reason", "attempts", "to", box=None, padding=(0, 2))
        for row in self._call("GET", f"/notifications/{id}/deliveries")["results"]:
            table.add_row(
                row["channel"], row["status"], row["reason"] or "", str(row["attempts"]), row["endpoint"] or "inbox"
            )
        self.console.print(table)

    def _calls(self, id: str) -> None:
        """Every provider call of a notification, in order."""
        rows = self._call("GET", f"/notifications/{id}/deliveries")["results"]
        deliveries = [self._call("GET", f"/deliveries/{row['id']}") for row in rows]
        calls = [(call["begun_at"], row["channel"], call) for row in deliveries for call in row["attempts"]]
        table = Table("at", "channel", "provider", "outcome", "code", box=None, padding=(0, 2))
        for begun_at, channel, call in sorted(calls, key=lambda one: one[0]):
            table.add_row(begun_at[11:23], channel, call["provider"], call["outcome"] or "", call["code"] or "")
        self.console.print(table)

    def _timeline(self, id: str) -> None:
        table = Table("at", "what", "reason", "detail", box=None, padding=(0, 2))
        for event in self._call("GET", f"/notifications/{id}/timeline?limit=200")["results"]:
            detail = event["detail"]
            words = [f"{detail['from']} → {detail['to']}"] if "from" in detail else []
            words += [str(detail[name]) for name in ("channel", "code", "policy") if detail.get(name)]
            table.add_row(event["at"][11:23], event["kind"], event["reason"] or "", ", ".join(words))
        self.console.print(table)


def _pretty(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
