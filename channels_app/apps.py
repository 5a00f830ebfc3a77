"""The place of `channels_app` among the apps."""

from importlib import import_module

from django.apps import AppConfig

from channels_app import registry


class ChannelsAppConfig(AppConfig):
    name = "channels_app"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Get to know the channels and providers. Their files import models, which are ready only now."""
        registry.load()
        import_module("channels_app.checks")
        import_module("channels_app.hooks.admin")
