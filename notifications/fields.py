"""A moment at which work is due, where "at once" is PostgreSQL's `-infinity`.

Writing `now()` would put immediate work into the future when the database clock jumps back; `-infinity` cannot.
"""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    _Moment = models.DateTimeField[Any, Any]
else:
    _Moment = models.DateTimeField

AT_ONCE = datetime(1970, 1, 1, tzinfo=UTC)  # how Python sees `-infinity`, which it cannot hold


class DueField(_Moment):
    """A `timestamptz` whose `-infinity` reads and writes as `AT_ONCE`; `None` = nothing is due."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:  # noqa: FBT001, FBT002
        if value == AT_ONCE:
            return "-infinity"
        return super().get_db_prep_value(value, connection, prepared)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        return f"CASE WHEN {sql} = '-infinity' THEN 'epoch'::timestamptz ELSE {sql} END", (*params, *params)
