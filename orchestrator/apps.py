"""The conductor's place among the apps, and its partitioned table."""

import importlib

from django.apps import AppConfig

from audience.catalogue import register_clocks, register_engagement
from channels_app.registry import channels
from events.partitions import PartitionedTable, declare
from kernel.registry import load_entry_points, load_folder
from notifications.catalogue import (
    register_alarm,
    register_default_strategy,
    register_reasons,
    register_retraction,
    register_strategies,
)
from preferences.catalogue import register_channels, register_rethink
from templates_app.catalogue import register_release, register_shapes, register_succession, register_uses

DECISION = declare(PartitionedTable("orchestrator_decision"))


class OrchestratorConfig(AppConfig):
    name = "orchestrator"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        load_folder(importlib.import_module("orchestrator.rules.strategies"))
        load_entry_points("carillon.strategies")
        selectors = importlib.import_module("orchestrator.selectors")
        register_strategies(selectors.strategy_keys)
        register_default_strategy(selectors.default_strategy)
        importlib.import_module("orchestrator.services.ledger")  # registers its gauge
        importlib.import_module("orchestrator.gauges")
        register_channels(channels.keys)
        register_engagement(importlib.import_module("orchestrator.services.successes").hear_of_inbox)
        rethink = importlib.import_module("orchestrator.services.rethink").rethink_quiet_hours
        register_rethink(rethink)
        register_clocks(rethink)
        lent = importlib.import_module("orchestrator.services.shapes")
        register_shapes(lent.shapes)
        register_uses(lent.uses)
        quarantine = importlib.import_module("orchestrator.services.quarantine")
        register_succession(quarantine.take_over)
        register_release(quarantine.let_go)
        register_reasons(importlib.import_module("orchestrator.services.explaining").reasons)
        register_retraction(importlib.import_module("orchestrator.services.digests_changing").take_back)
        register_alarm(importlib.import_module("orchestrator.services.timers").wake_timekeeper)
