"""The place of `analytics` among the apps."""

import importlib

from django.apps import AppConfig

from orchestrator.catalogue import register_evidence


class AnalyticsConfig(AppConfig):
    name = "analytics"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        importlib.import_module("analytics.consumers")  # its consumers of the log register themselves
        register_evidence(importlib.import_module("analytics.selectors_engagement").evidence_of)
