"""JSON as the API writes it."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pytest
from django.utils.translation import gettext_lazy

from tenants.api.render import to_json

PARIS = datetime(2026, 7, 1, 12, 0, 0, 500, tzinfo=ZoneInfo("Europe/Paris"))


class Row(msgspec.Struct):
    at: datetime
    text: str = "2026-07-01T12:00:00+02:00"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2026, 7, 1, 12, tzinfo=UTC), '"2026-07-01T12:00:00Z"'),
        (PARIS, '"2026-07-01T10:00:00.000500Z"'),
        ({"deep": [(PARIS,)]}, '{"deep":[["2026-07-01T10:00:00.000500Z"]]}'),
        (Row(PARIS), '{"at":"2026-07-01T10:00:00.000500Z","text":"2026-07-01T12:00:00+02:00"}'),
        (datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))), '"2026-01-01T03:30:00Z"'),
        (
            datetime(2026, 7, 1, 12),  # noqa: DTZ001 - a local moment
            '"2026-07-01T12:00:00"',
        ),
        ("2026-07-01T12:00:00+02:00", '"2026-07-01T12:00:00+02:00"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Decimal("9.90"), '"9.90"'),
        (gettext_lazy("words"), '"words"'),
        ({"a": None, "b": True}.values(), "[null,true]"),
    ],
)
def test_values_are_written_for_people_everywhere(value: object, written: str) -> None:
    assert to_json(value).decode() == written


def test_what_has_no_json_is_a_mistake_of_ours() -> None:
    with pytest.raises(NotImplementedError, match="no JSON for object"):
        to_json(object())
