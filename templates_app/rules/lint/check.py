"""The checks, in the order in which their findings are told."""

from collections.abc import Callable, Iterable

from templates_app.rules.lint.bodies import heavy_mails, mails_without_text
from templates_app.rules.lint.colours import dark_traps, faint_buttons
from templates_app.rules.lint.images import images_without_words
from templates_app.rules.lint.lengths import long_texts
from templates_app.rules.lint.links import bad_links
from templates_app.rules.lint.locales import missing_parts
from templates_app.rules.lint.spam import unwanted_looks
from templates_app.rules.lint.variables import unknown_variables
from templates_app.rules.making import Made
from templates_app.values import Finding

Check = Callable[[Made], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (
    unknown_variables,
    missing_parts,
    long_texts,
    bad_links,
    images_without_words,
    faint_buttons,
    dark_traps,
    mails_without_text,
    heavy_mails,
    unwanted_looks,
)
OF_MARKUP: tuple[Check, ...] = (bad_links, images_without_words, faint_buttons, dark_traps)
"""Those that need no more than one piece of markup, as a partial is one."""
