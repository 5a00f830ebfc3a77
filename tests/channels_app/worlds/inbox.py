"""The inbox's outside is our own database: there or out."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from audience.models import InboxItem
from audience.services import upsert_recipients
from audience.values import RecipientInput
from channels_app.values import Account, Message
from tenants.services import create_tenant
from tests.channels_app.messages import make_message
from tests.channels_app.worlds import Mood

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class World:
    moods = (Mood.KIND, Mood.GONE)

    def __init__(self, request: pytest.FixtureRequest) -> None:
        request.getfixturevalue("db")
        self.tenant_id: UUID = create_tenant("acme", name="Acme", actor="test", at=AT).id
        ids = upsert_recipients(tenant_id=self.tenant_id, recipients=[RecipientInput(id="user-1")], at=AT)
        self.recipient_id = ids["user-1"]

    @contextmanager
    def enter(self, mood: Mood) -> Iterator[Account]:
        account = Account("inbox", "inbox", "in_app", "live")
        if mood is Mood.GONE:
            with connection.execute_wrapper(_is_out):
                yield account
        else:
            yield account

    def message(self, **changes: Any) -> Message:
        mine = {"tenant_id": self.tenant_id, "recipient_id": self.recipient_id, "address": ""}
        return make_message("in_app", **mine | changes)

    def taken(self) -> list[str]:
        return [str(id) for id in InboxItem.objects.values_list("id", flat=True)]


def _is_out(execute: Callable[..., Any], sql: str, params: Any, many: Any, context: Any) -> NoReturn:
    raise OperationalError("server closed the connection unexpectedly")
