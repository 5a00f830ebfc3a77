"""The naive build among its own apps."""

from django.apps import AppConfig


class NaiveConfig(AppConfig):
    name = "config.bench.naive"
    label = "naive"
