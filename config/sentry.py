"""Error reports to Sentry: our own errors only, scrubbed of people and secrets. Imported only when there is a DSN."""

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.logging import ignore_logger
from sentry_sdk.types import Event, Hint

from config.version import VERSION
from kernel.scrubbing import scrub


def start() -> None:
    """Report from now on."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        environment=settings.SENTRY_ENVIRONMENT,
        release=settings.GIT_SHA or VERSION,
        integrations=[DjangoIntegration(middleware_spans=False, signals_spans=False), CeleryIntegration()],
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        traces_sample_rate=0.0,
        before_send=scrubbed,
        before_breadcrumb=scrubbed_breadcrumb,
    )
    ignore_logger("carillon.request")


def scrubbed(event: Event, _hint: Hint) -> Event:
    """The report without people: no user, no cookies, no query, no body; masked texts everywhere."""
    clean: Any = scrub(dict(event))
    clean.pop("user", None)
    request = clean.get("request", {})
    for part in ("cookies", "data", "query_string", "env"):
        request.pop(part, None)
    return clean  # type: ignore[no-any-return]


def scrubbed_breadcrumb(crumb: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """One step before the error, masked."""
    clean: dict[str, Any] = scrub(crumb)
    return clean
