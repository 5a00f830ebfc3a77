"""The Celery app of the naive build: the defaults, and `NAIVE_REUSE` for `CELERY_DB_REUSE_MAX`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.bench.naive.settings")

app = Celery("naive", broker=os.environ["NAIVE_BROKER_URL"], include=["config.bench.naive.tasks"])
app.conf.broker_connection_retry_on_startup = True
if reuse := os.environ.get("NAIVE_REUSE"):
    app.conf["CELERY_DB_REUSE_MAX"] = int(reuse)
