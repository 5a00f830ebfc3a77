"""The editor of templates for somebody who is logged in: a tenant who wrote nothing yet, and the starter set."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright import sync_api
from pytest_django.live_server_helper import LiveServer

from templates_app.selectors import forget
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.browser.templates.editing import Editor
from tests.browser.templates.kept_set import starter_set


@pytest.fixture
def tenant(live_server: LiveServer, at: datetime) -> Tenant:
    forget()
    starter_set(at=at)
    return create_tenant("acme", name="Acme", actor="test", at=at)


@pytest.fixture
def context(browser: sync_api.Browser, live_server: LiveServer, tenant: Tenant) -> Iterator[sync_api.BrowserContext]:
    """The browser of somebody who is logged in at the admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("eve"))
    opened = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    opened.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield opened
    opened.close()


@pytest.fixture
def page(context: sync_api.BrowserContext) -> Iterator[sync_api.Page]:
    opened = context.new_page()
    opened.set_default_timeout(10_000)
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on("console", lambda said: errors.append(said.text) if "Content Security Policy" in said.text else None)
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture
def editor(page: sync_api.Page, live_server: LiveServer) -> Editor:
    return Editor(page, live_server.url)
