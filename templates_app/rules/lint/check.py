"""The checks, in the order in which their findings are told."""

from collections.abc import Callable, Iterable

from templates_app.rules.lint.variables import unknown_variables
from templates_app.rules.making import Made
from templates_app.values import Finding

Check = Callable[[Made], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (unknown_variables,)
