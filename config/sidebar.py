"""What stands beside every page of the admin: the editor of templates, and then each app's own pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from templates_app.pages.access import may_read

Group = dict[str, Any]


def navigation(request: HttpRequest) -> list[Group]:
    """The groups of links that somebody may follow."""
    return [*_words(request), *_apps(request)]


def _words(request: HttpRequest) -> list[Group]:
    if not may_read(request.user):
        return []
    editor = {"title": "Template editor", "icon": "edit_note", "link": reverse("template_list")}
    return [{"title": "Words", "items": [editor]}]


def _apps(request: HttpRequest) -> list[Group]:
    return [
        {
            "title": app["name"],
            "separator": True,
            "items": [
                {"title": str(model["name"]), "link": model["admin_url"]}
                for model in app["models"]
                if model["admin_url"]
            ],
        }
        for app in admin.site.get_app_list(request)
    ]
