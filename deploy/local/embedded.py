"""The servers of this installation: which of them are ours, and how their clients find them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from deploy.local.environment import DATABASE_NAMES, REDIS_NAMES, connections, given, run_mark
from deploy.local.paths import State
from deploy.local.postgres import Postgres
from deploy.local.service import Service
from deploy.local.valkey import Valkey

SERVER_PORTS = ("postgres", "valkey")


def servers_of(state: State, *, ports: Mapping[str, int], environ: Mapping[str, str]) -> tuple[Service, ...]:
    """The servers we have to run, not started: those whose URL the user has not set."""
    wanted: list[Service] = []
    for kind, names in ((Postgres, DATABASE_NAMES), (Valkey, REDIS_NAMES)):
        if given(names, environ=environ) is None:
            wanted.append(
                kind(
                    state.folder / kind.name,
                    port=ports[kind.name],
                    durable=True,
                    venv=state.venv,
                    log=state.logs / f"{kind.name}.log",
                    mark=run_mark(state),
                )
            )
    return tuple(wanted)


def connections_to(servers: Sequence[Service], *, environ: Mapping[str, str]) -> dict[str, str]:
    """DATABASE_URL, REDIS_URL and BROKER_URL, once our servers run (the first start makes their passwords)."""
    ours = {server.name: server.url for server in servers}
    return connections(
        database_url=ours.get(Postgres.name) or given(DATABASE_NAMES, environ=environ) or "",
        redis_url=ours.get(Valkey.name) or given(REDIS_NAMES, environ=environ) or "",
        environ=environ,
    )
