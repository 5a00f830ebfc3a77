"""Routes of the editor, below `/admin/templates/`.

What begins with `-` is no key of a template: the API's own views for a person, frames, and
the editor of partials.
"""

from typing import Any

from django.urls import URLPattern, path

from templates_app.api.urls import urlpatterns as api
from templates_app.pages.access import StaffSession
from templates_app.pages.editor import editor
from templates_app.pages.frame import frame


def for_people(route: URLPattern) -> URLPattern:
    """A route of the API as the editor calls it."""
    view: Any = route.callback
    made: URLPattern = path(
        f"-/api/{route.pattern}", view.cls.as_view(authentication_classes=(StaffSession,), schema=None)
    )
    return made


urlpatterns = [
    path("-/frame", frame, name="template_frame"),
    *map(for_people, api),
    path("-/partials/<str:partial>", editor, name="partial_editor"),
    path("", editor, name="template_list"),
    path("<str:key>", editor, name="template_editor"),
]
