"""The place of `analytics` among the apps."""

import importlib

from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        importlib.import_module("analytics.consumers")  # its consumers of the log register themselves
