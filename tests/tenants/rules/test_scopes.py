"""What a key's scopes open."""

import pytest

from tenants.rules.scopes import ALL_SCOPES, UnknownScope, implied


@pytest.mark.parametrize(
    ("scopes", "opened"),
    [
        (["read"], {"read"}),
        (["send"], {"send"}),
        (["manage"], {"manage", "read"}),
        (["send", "manage"], {"send", "manage", "read"}),
        (["admin"], {"admin", "manage", "read", "send"}),
        ([], set()),
    ],
)
def test_scopes_open_what_they_imply(scopes: list[str], opened: set[str]) -> None:
    assert implied(scopes) == opened


def test_admin_opens_everything_there_is() -> None:
    assert implied(["admin"]) == set(ALL_SCOPES)


def test_an_unknown_scope_is_refused_by_name() -> None:
    with pytest.raises(UnknownScope, match="no scope 'root'; known: read, send, manage, admin"):
        implied(["read", "root"])
