"""The address of the database: a `postgresql://` URL as libpq reads it, sockets and several hosts included."""

from collections.abc import Mapping

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from kernel.env import Kind, WrongValue

_WORDS = "a URL like postgresql://user:password@host:5432/name"
_SCHEMES = ("postgresql", "postgres")


def database_url() -> Kind[Mapping[str, str]]:
    """The parts of a database URL by their libpq names (host, port, user, password, dbname, sslmode, …)."""

    def parse(found: str) -> Mapping[str, str]:
        try:
            parts = {key: str(value) for key, value in conninfo_to_dict(found).items() if value is not None}
        except ProgrammingError:
            raise WrongValue(_WORDS) from None
        if found.partition("://")[0] not in _SCHEMES or not parts.get("dbname"):
            raise WrongValue(_WORDS)
        return parts

    return Kind(parse=parse, words=_WORDS)
