"""The real door of the API and one slow route: `/slow` answers once the file that SLOW_UNTIL names is there."""

import os
import time

from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver, path

from config.wsgi import application

__all__ = ["application"]


def slow(_request: HttpRequest) -> HttpResponse:
    while not os.path.exists(os.environ["SLOW_UNTIL"]):
        time.sleep(0.01)
    return HttpResponse()


get_resolver().url_patterns.insert(0, path("slow", slow))
