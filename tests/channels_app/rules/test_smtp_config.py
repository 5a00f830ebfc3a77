"""How an SMTP account is written down."""

from typing import Any

import pytest

from channels_app.rules.smtp_config import DEFAULTS, read_config
from channels_app.values import WrongCredentials


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ({"url": "smtp://mail.example.org"}, {"host": "mail.example.org", "port": 25, "tls": "none"}),
        ({"url": "smtps://mail.example.org"}, {"host": "mail.example.org", "port": 465, "tls": "tls"}),
        (
            {"url": "smtp://shop%40example.org:p%2Fw%20d@mail.example.org"},
            {
                "host": "mail.example.org",
                "port": 587,
                "tls": "starttls",
                "username": "shop@example.org",
                "password": "p/w d",
            },
        ),
        (
            {"url": "smtp://a:b@127.0.0.1:2525"},
            {"host": "127.0.0.1", "port": 2525, "tls": "none", "username": "a", "password": "b"},
        ),
        (
            {"url": "smtp://h:26?tls=starttls&from=Shop <shop@example.org>"},
            {"host": "h", "port": 26, "tls": "starttls", "from": "Shop <shop@example.org>"},
        ),
        ({"host": "h", "tls": "tls"}, {"host": "h", "port": 465, "tls": "tls"}),
        (
            {"url": "smtp://h", "messages_per_connection": "9"},
            {"host": "h", "port": 25, "tls": "none"} | {"messages_per_connection": 9},
        ),
    ],
)
def test_urls_and_objects(credentials: dict[str, Any], expected: dict[str, Any]) -> None:
    assert read_config(credentials) == DEFAULTS | expected


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"url": "http://h"}, "not one of an SMTP server"),
        ({"url": "smtp://"}, "not one of an SMTP server"),
        ({"url": "smtp://h:99999"}, "cannot be read"),
        ({"url": "smtp://h?tls=maybe"}, "tls is 'maybe'; none, starttls or tls would do"),
        ({"url": "smtp://h?colour=red"}, "'colour' is not known"),
        ({"url": "smtp://h?from=nobody"}, "from is not an address"),
        ({"port": 25}, "the host is missing"),
        ({"host": "h", "port": "many"}, "port is 'many'"),
    ],
)
def test_mistakes_are_told(credentials: dict[str, Any], words: str) -> None:
    with pytest.raises(WrongCredentials) as caught:
        read_config(credentials)

    assert words in str(caught.value)


def test_mistakes_repeat_no_password() -> None:
    with pytest.raises(WrongCredentials) as caught:
        read_config({"url": "smtp://shop:s3cret@mail.example.org:0x1"})

    assert "s3cret" not in str(caught.value)
