"""The API's door for WSGI servers."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config.garbage import keep_for_good
from config.processes import WEB, enter
from config.start import refuse_what_cannot_work

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
enter(WEB)

application = get_wsgi_application()
refuse_what_cannot_work()
get_resolver().url_patterns  # noqa: B018 - loads every route now instead of at the first request
keep_for_good()
