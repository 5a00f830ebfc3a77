"""The place of `templates_app` among the apps."""

from django.apps import AppConfig

from templates_app.making_pages import make_in_child
from templates_app.rules.workshop import register_elsewhere


class TemplatesAppConfig(AppConfig):
    name = "templates_app"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Pages are made by render children."""
        register_elsewhere(make_in_child)
