"""How gunicorn serves the API: `gunicorn config.wsgi:application -c config/gunicorn.py`."""

import os
from pathlib import Path

from config.processes import WEB, enter

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
enter(WEB)

from config import environment as names
from config.settings import ORCHESTRATOR
from config.settings.values import ENV

_SPARE_CONNECTIONS = 100  # those that are answered 503, and probes

bind = ENV[names.WEB_BIND]
workers = ENV[names.WEB_WORKERS]
threads = ENV[names.WEB_THREADS]
worker_class = "config.web_worker.WebWorker"
worker_connections = ORCHESTRATOR.max_concurrent_requests + _SPARE_CONNECTIONS
preload_app = False  # connections, threads and tracers do not survive a fork
timeout = 60
graceful_timeout = 30
keepalive = 5
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats, in memory
control_socket_disable = True
logger_class = "config.web_worker.WebLog"
proc_name = "carillon-web"
