"""The Celery app. It carries bells and nothing else; what they ring for is in PostgreSQL."""

import os
from contextlib import suppress
from typing import Any

from celery import Celery
from celery.signals import setup_logging, task_prerun, worker_init, worker_process_init
from django.conf import settings
from django.db import close_old_connections

from config.garbage import keep_for_good
from config.observers import serve_counters, start_traces
from config.processes import WORKER, enter
from templates_app.children import NoChildren, children

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if not settings.configured:
    enter(WORKER)  # started as `celery -A config`

app = Celery("carillon")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Celery closes the database connection around every task unless told to reuse it; this key is read without namespace.
app.conf["CELERY_DB_REUSE_MAX"] = settings.DATABASE_REUSE_TASKS
app.autodiscover_tasks()


@setup_logging.connect
def _leave_logging_to_django(**_: Any) -> None:
    """Being connected is what keeps Celery from setting up logging of its own."""


@task_prerun.connect
def _drop_broken_connections(**_: Any) -> None:
    """A database that was restarted meanwhile costs a task nothing."""
    close_old_connections()


@worker_init.connect
def _start_in_worker(sender: Any, **_: Any) -> None:
    if not sender.pool_cls.__module__.endswith("prefork"):
        start_traces()
    serve_counters()
    _warm_templates()
    keep_for_good()


@worker_process_init.connect
def _start_in_child(**_: Any) -> None:
    start_traces()
    _warm_templates()
    keep_for_good()


def _warm_templates() -> None:
    """Have a render child ready; a worker without one still works, and says so when it needs it."""
    with suppress(NoChildren):
        children.warm()
