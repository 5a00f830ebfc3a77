"""Logs, metrics, traces and error reports."""

import os
import sys
from pathlib import Path

from config import environment as names
from config.logs import dict_config
from config.processes import BUILD, MANAGE, MIGRATE, TEST
from config.settings.values import CURRENT_PROCESS, ENV

GIT_SHA = ENV[names.GIT_SHA]

# Commands answer on stdout, so their logs go elsewhere.
_to_stderr = CURRENT_PROCESS in (MANAGE, MIGRATE, BUILD, TEST)
_stream = sys.stderr if _to_stderr else sys.stdout
_format = ENV[names.LOG_FORMAT]
LOGGING_CONFIG = "config.logs.configure"
LOGGING = dict_config(
    console=_format == "console" or (_format == "auto" and _stream.isatty()),
    level=ENV[names.LOG_LEVEL],
    stream="ext://sys.stderr" if _to_stderr else "ext://sys.stdout",
)

# prometheus_client decides once, when it is first imported, whether processes share their counters.
PROMETHEUS_MULTIPROC_DIR = ENV[names.PROMETHEUS_MULTIPROC_DIR]
if PROMETHEUS_MULTIPROC_DIR:
    Path(PROMETHEUS_MULTIPROC_DIR).mkdir(parents=True, exist_ok=True)
    os.environ[names.PROMETHEUS_MULTIPROC_DIR.name] = PROMETHEUS_MULTIPROC_DIR
PROMETHEUS_EXPORT_MIGRATIONS = False
METRICS_PORT = ENV[names.METRICS_PORT]
METRICS_TOKEN = ENV[names.METRICS_TOKEN]

SENTRY_DSN = ENV[names.SENTRY_DSN]
SENTRY_ENVIRONMENT = ENV[names.SENTRY_ENVIRONMENT]
OTEL_EXPORTER_OTLP_ENDPOINT = ENV[names.OTEL_EXPORTER_OTLP_ENDPOINT]
OTEL_TRACES_SAMPLE_RATIO = ENV[names.OTEL_TRACES_SAMPLE_RATIO]
