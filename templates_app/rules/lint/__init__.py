"""What a careful colleague would say of a template before it goes out. One check per file."""

from collections.abc import Iterator

from templates_app.rules.lint.check import CHECKS
from templates_app.rules.making import Made
from templates_app.values import Finding

__all__ = ["lint"]


def lint(made: Made) -> Iterator[Finding]:
    """Everything to be said of a template, errors and warnings, check by check."""
    for check in CHECKS:
        yield from check(made)
