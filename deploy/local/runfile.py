"""What runs now, written by whoever runs it and read by every other invocation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from deploy.local.identity import Identity
from deploy.local.locks import is_locked
from deploy.local.paths import State, read_json, write_private
from deploy.local.probes import http_answer

OK = 200
Kind = Literal["up", "manage"]


@dataclass(frozen=True, slots=True)
class Running:
    """One process of the instance; without identity while it waits for its restart."""

    name: str
    identity: Identity | None
    service: bool  # PostgreSQL and Valkey, which are stopped last

    @property
    def alive(self) -> bool:
        """Asked now, not when it was written."""
        return self.identity is not None and self.identity.alive()


@dataclass(frozen=True, slots=True)
class Question:
    """What a ready process answers with 200."""

    name: str
    port: int
    path: str

    def trouble(self) -> str:
        """What is answered instead of 200; empty when it is 200. Asked now."""
        status, body = http_answer(self.port, path=self.path)
        return "" if status == OK else f"{self.name} answers {status or 'nothing'} on {self.path}: {body.strip()}"


@dataclass(frozen=True, slots=True)
class Run:
    """A running instance. `environment` is what its processes were given beyond the user's own environment."""

    kind: Kind
    supervisor: Identity
    ready: bool = False
    web_port: int | None = None
    questions: tuple[Question, ...] = ()
    api_url: str | None = None
    realtime_url: str | None = None
    sandbox_url: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    processes: tuple[Running, ...] = ()

    def troubles(self) -> Iterator[str]:
        """What keeps this instance from being all up, asked now; the quick questions come first."""
        yield from (f"{process.name} is not running" for process in self.processes if not process.alive)
        yield from filter(None, (question.trouble() for question in self.questions))

    def with_processes(self, processes: tuple[Running, ...], *, ready: bool) -> Run:
        """The same instance a moment later."""
        return replace(self, processes=processes, ready=ready)


def write_run(state: State, *, run: Run) -> None:
    """Note what runs, atomically; 0600, for the environment holds passwords."""
    write_private(state.run, json.dumps(asdict(run), indent=1) + "\n")


def forget_run(state: State) -> None:
    """Nothing runs any more."""
    state.run.unlink(missing_ok=True)


def current_run(state: State) -> Run | None:
    """What runs now; None when no supervisor holds the lock, or when it has not written its note yet."""
    if not is_locked(state.up_lock):
        return None
    run = last_run(state)
    return run if run is not None and run.supervisor.alive() else None


def last_run(state: State) -> Run | None:
    """What was noted last, alive or not: after a crash this names the left-over processes."""
    noted = read_json(state.run)
    try:
        processes = tuple(
            Running(name=one["name"], identity=one["identity"] and Identity(**one["identity"]), service=one["service"])
            for one in noted.pop("processes")
        )
        questions = tuple(Question(**one) for one in noted.pop("questions"))
        supervisor = Identity(**noted.pop("supervisor"))
        return Run(**noted, supervisor=supervisor, processes=processes, questions=questions)
    except (KeyError, TypeError):
        return None
