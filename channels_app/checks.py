"""Warn at start: settings of channels and accounts that cannot work."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from channels_app.accounts_named import mistakes


@register("channels")
def settings_of_channels(**_: Any) -> list[CheckMessage]:
    """One error per mistake, without secrets."""
    return [Error(line, id="channels_app.E001") for line in mistakes()]
