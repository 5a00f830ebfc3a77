"""The composition's own place among the apps: its commands, its checks, and what a process starts with."""

from django.apps import AppConfig
from django.core.checks import register

from config.arrays import use_plain_lists
from config.celery import app as celery_app
from config.checks import ALL_CHECKS
from config.moments import use_plain_moments
from config.observers import serve_counters, start_reports, start_traces
from config.processes import BEAT, REALTIME, TIMEKEEPER, WEB
from config.settings.values import CURRENT_PROCESS


class CarillonConfig(AppConfig):
    name = "config"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        use_plain_lists()
        use_plain_moments()
        celery_app.set_default()  # `celery.current_app` of whoever rings bells
        for check, tags, deploy in ALL_CHECKS:
            register(check, *tags, deploy=deploy)
        start_reports()
        # Workers start their traces after their fork (config/celery.py); gunicorn loads us after its own.
        if CURRENT_PROCESS in (WEB, REALTIME, TIMEKEEPER, BEAT):
            start_traces()
        if CURRENT_PROCESS in (TIMEKEEPER, BEAT):
            serve_counters()
