"""MJML and style sheets that come with a request are made ready at the door."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from ledger_api import a_request

from notifications.models import Notification
from notifications.services.accept import Door, accept
from notifications.values import Accepted, Refused

pytestmark = pytest.mark.django_db
PAGE = (
    "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
)


def accepted(door: Door, at: datetime, **email: Any) -> Accepted | Refused:
    (answer,) = accept(door=door, requests=[a_request(content={"email": {"subject": "x", **email}})], at=at)
    return answer


def test_it_is_kept_as_html_with_a_text(door: Door, people: dict[str, UUID], at: datetime) -> None:
    assert isinstance(accepted(door, at, mjml=PAGE), Accepted)

    email = Notification.objects.get().content["email"]
    assert "mjml" not in email
    assert email["html"].startswith("<!doctype html>")
    assert "Hi {{ name }}" in email["html"]
    assert email["text"] == "Hi {{ name }}"


def test_html_without_a_style_sheet_stays_as_it_is(door: Door, people: dict[str, UUID], at: datetime) -> None:
    html = "<p style='color:red'>Hi</p>"

    accepted(door, at, html=html)

    assert Notification.objects.get().content["email"] == {"subject": "x", "html": html}


def test_what_is_wrong_is_told_with_its_line(door: Door, people: dict[str, UUID], at: datetime) -> None:
    answer = accepted(door, at, mjml=PAGE.replace("</mj-text>", "\n</mj-txt>"))

    assert isinstance(answer, Refused)
    assert [(t.pointer, t.code) for t in answer.troubles] == [("/content/email/mjml", "invalid_mjml")]
    assert answer.troubles[0].message.startswith("line 2: no element <mj-txt>")


def test_style_sheets_are_written_into_the_elements(door: Door, people: dict[str, UUID], at: datetime) -> None:
    page = "<html><head><style>p { color: #123456 }</style></head><body><p>Hi {{ name }}</p></body></html>"

    assert isinstance(accepted(door, at, html=page), Accepted)

    email = Notification.objects.get().content["email"]
    assert '<p style="color: #123456;">Hi {{ name }}</p>' in email["html"]
    assert email["text"] == "Hi {{ name }}"
