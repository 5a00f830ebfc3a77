"""`python -m config.bench.questions`: asks the API within one process, and times the statements of each answer.

The whole request is Carillon's own: routes, keys, scopes, serialising. What is told are milliseconds in SQL.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import django

from config.bench.processes import answer, told
from config.processes import WEB, enter
from deploy.local.ports import HOST


def main() -> None:
    """Ask `{"key", "questions": {name: paths}}` once when told, then say how long the database had to do with each."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    enter(WEB)
    django.setup()

    from django.test import Client  # noqa: PLC0415 - after Django is set up

    logging.disable()  # its lines go where the answers go
    task = told()
    client = Client(headers={"authorization": f"Bearer {task['key']}", "host": HOST})
    for paths in task["questions"].values():
        client.get(paths[0])
    answer("ready")
    told()
    answer({name: [_asked(client, path) for path in paths] for name, paths in task["questions"].items()})


def _asked(client: Any, path: str) -> dict[str, float]:
    with _timed() as seconds:
        said = client.get(path)
    return {"status": said.status_code, "ms": sum(seconds) * 1000, "statements": len(seconds)}


@contextmanager
def _timed() -> Iterator[list[float]]:
    from django.db import connection  # noqa: PLC0415 - after Django is set up

    found: list[float] = []

    def clock(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001 - Django's call
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            found.append(time.perf_counter() - began)

    with connection.execute_wrapper(clock):
        yield found


if __name__ == "__main__":
    main()
