"""Clients that go on asking whatever breaks, and write down every answer they got: what was promised to them."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import count
from random import Random
from typing import Any
from uuid import UUID, uuid4

from tests.stack import Api, text

TIRED_SECONDS = 120.0  # nobody asks the same thing longer than this
PAUSE_SECONDS = 0.1
ACCEPTED = 202
PASSING = (409, 429, 500, 502, 503, 504)  # answers after which asking again makes sense

HELD_TYPE = "said_once"
IN_APP = {"in_app": {"title": "Hello", "body": "World"}}
Make = Callable[[int, str], dict[str, Any]]  # (number, name of a new person) → request


def mail(number: int, name: str) -> dict[str, Any]:
    """An e-mail to somebody new."""
    return {"recipients": [{"id": name, "email": f"{name}@example.org"}], "content": text()}


def mixed(number: int, name: str) -> dict[str, Any]:
    """E-mails, every third with an inbox item, every fifth one that must not be said twice; of all priorities."""
    request = mail(number, name) | {"priority": ("critical", "high", "medium", "low")[number % 4]}
    if number % 3 == 0:
        request["content"] = {**request["content"], **IN_APP}
    if number % 5 == 0:
        request["type"] = HELD_TYPE
    return request


@dataclass(slots=True)
class Journal:
    """What the clients were told. `ids` are those of every notification that was answered 202."""

    ids: list[UUID] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)  # of the requests that were answered 202
    refused: Counter[int | str] = field(default_factory=Counter)  # other answers, and connections that broke
    given_up: list[str] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Of the seconds that accepting took."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


class Clients:
    """Some threads that ask for notifications until they are told to stop. Each waits a moment between two requests."""

    def __init__(self, api: Api, *, make: Make = mail, number: int = 4, rest_seconds: float = 0.02) -> None:
        self.journal = Journal()
        self._api, self._make, self._rest = api, make, rest_seconds
        self._story, self._numbers = uuid4().hex[:8], count()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask_on, args=(index,), daemon=True) for index in range(number)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> Journal:
        """Let every client finish what it asks at the moment; what they were told."""
        self._stop.set()
        for thread in self._threads:
            thread.join(TIRED_SECONDS + 40)
            assert not thread.is_alive(), "a client never came back"
        return self.journal

    def _ask_on(self, index: int) -> None:
        rest = Random(index)
        while not self._stop.is_set():
            number = next(self._numbers)
            key = f"{self._story}-{number}"
            self._ask(self._make(number, key) | {"idempotency_key": key})
            self._stop.wait(rest.uniform(0, 2 * self._rest))

    def _ask(self, request: Mapping[str, Any]) -> None:
        """Ask until it is accepted: the same key again is the same request, whatever became of the answer."""
        for _ in range(int(TIRED_SECONDS / PAUSE_SECONDS)):
            try:
                answer = self._api("POST", "/notifications", request)
            except (OSError, HTTPException) as trouble:
                self.journal.refused[type(trouble).__name__] += 1
            else:
                if answer.status == ACCEPTED:
                    self.journal.ids.append(UUID(answer.json["id"]))
                    self.journal.seconds.append(answer.seconds)
                    return
                self.journal.refused[answer.status] += 1
                if answer.status not in PASSING:
                    self.journal.given_up.append(f"{answer.status} {answer.body!r}")
                    return
            self._stop.wait(PAUSE_SECONDS) if not self._stop.is_set() else threading.Event().wait(PAUSE_SECONDS)
        self.journal.given_up.append(str(request["idempotency_key"]))


@contextmanager
def asking(api: Api, **options: Any) -> Iterator[Clients]:
    """Clients that ask meanwhile; at the end they have stopped and nobody gave up."""
    clients = Clients(api, **options)
    clients.start()
    try:
        yield clients
    finally:
        journal = clients.stop()
    assert journal.given_up == [], journal.refused
