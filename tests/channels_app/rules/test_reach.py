"""Where the credentials of a tenant's account may lead."""

import json
from typing import Any

import pytest

from channels_app.rules.reach import refuse_private
from channels_app.values import WrongCredentials

ALLOW = ("127.0.0.1:8025", "mail.internal:2525")


@pytest.mark.parametrize(
    "config",
    [
        {"host": "mail.example.org", "port": 587},
        {"base_url": "https://api.twilio.com"},
        {"base_url": "https://8.8.8.8/x"},
        {"base_url": "http://127.0.0.1:8025"},
        {"host": "mail.internal", "port": 2525},
        {"auth_token": "not-a-url", "account_sid": "AC1", "from": "Shop <shop@localhost>", "tls": True, "port": 25},
        {"service_account": json.dumps({"token_uri": "https://oauth2.googleapis.com/token"})},
        {"service_account": "{ no json"},
    ],
)
def test_public_places_and_named_exceptions_are_fine(config: dict[str, Any]) -> None:
    refuse_private(config, allow=ALLOW)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"host": "127.0.0.1", "port": 25}, "host"),
        ({"host": "localhost", "port": 25}, "host"),
        ({"host": "mail.internal", "port": 25}, "host"),
        ({"host": "[::1]", "port": 25}, "host"),
        ({"base_url": "http://169.254.169.254/latest/meta-data"}, "base_url"),
        ({"base_url": "https://10.0.0.7"}, "base_url"),
        ({"base_url": "https://[::ffff:10.0.0.7]/"}, "base_url"),
        ({"base_url": "http://127.0.0.1:8026"}, "base_url"),
        ({"base_url": "http://postgres:5432"}, "base_url"),
        ({"base_url": "HTTPS://LOCALHOST/"}, "base_url"),
        ({"service_account": json.dumps({"token_uri": "http://192.168.0.1/token"})}, "token_uri"),
    ],
)
def test_private_places_are_refused(config: dict[str, Any], name: str) -> None:
    with pytest.raises(WrongCredentials, match=f"^{name} leads to"):
        refuse_private(config, allow=ALLOW)
