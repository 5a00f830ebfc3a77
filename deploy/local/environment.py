"""The environment of the processes on this machine; the user's own wins. Names: `manage.py environment`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from deploy.local.paths import State
from deploy.local.ports import HOST

DATABASE_NAMES = ("DATABASE_URL", "DB_URL")
REDIS_NAMES = ("REDIS_URL", "CACHE_URL")
# glibc gives up to eight threads per core an arena each, and every arena keeps what it once had.
ALLOCATOR = {"MALLOC_ARENA_MAX": "2"}
RUN_MARK = "CARILLON_RUN"  # in the environment of everything we start: how left-over processes are known as ours


def given(names: tuple[str, ...], *, environ: Mapping[str, str]) -> str | None:
    """The value of the first of these names that the user has set, as it is or as a mounted file (`NAME_FILE`)."""
    for name in names:
        if environ.get(name):
            return environ[name]
        if environ.get(f"{name}_FILE"):
            return Path(environ[f"{name}_FILE"]).read_text().strip()
    return None


def run_mark(state: State) -> str:
    """The `NAME=value` that every process of this installation carries."""
    return f"{RUN_MARK}={state.folder}"


def connections(*, database_url: str, redis_url: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Where the data is."""
    found = {"DATABASE_URL": database_url, "REDIS_URL": redis_url}
    if given(("BROKER_URL",), environ=environ) is None:
        found["BROKER_URL"] = redis_url
    return found


def addresses(state: State, *, ports: Mapping[str, int], environ: Mapping[str, str]) -> dict[str, str]:
    """Who listens where, and what follows from it."""
    sandbox = f"{HOST}:{ports['sandbox']}"
    fixed = {
        "REALTIME_URL": f"http://{HOST}:{ports['realtime']}",
        "SANDBOX_URL": f"http://{sandbox}",
        "SANDBOX_SMTP_URL": f"smtp://{HOST}:{ports['smtp']}",
        "EGRESS_ALLOW": ",".join(filter(None, (environ.get("EGRESS_ALLOW"), sandbox))),
        "PYTHONUNBUFFERED": "1",
    }
    unless_set = {
        **ALLOCATOR,
        "PUBLIC_URL": f"http://{HOST}:{ports['web']}",
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "PROMETHEUS_MULTIPROC_DIR": str(state.metrics),
        "SANDBOX_LIVE": "true",
        "PROVIDER_CREDENTIALS_SMTP": f"smtp://{HOST}:{ports['smtp']}",
    }
    chosen = {name: value for name, value in unless_set.items() if given((name,), environ=environ) is None}
    if given(("SECRET_KEY",), environ=environ) is None:
        chosen["SECRET_KEY"] = state.secret_key()
    return fixed | chosen
