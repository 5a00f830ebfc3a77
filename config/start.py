"""Refuses to serve with settings that cannot work: what commands learn from `manage.py check`, servers learn here."""

import sys

from django.core.checks import ERROR, run_checks

from config.checks import TAG

TAGS = (TAG, "channels")
EXIT_CODE = 3  # gunicorn stops for good when a worker ends with it instead of starting it again


def refuse_what_cannot_work() -> None:
    """One line on stderr per error, and the end of the process; nothing when all is well. Apps must be loaded."""
    errors = [found for found in run_checks(tags=TAGS) if found.level >= ERROR]
    for error in errors:
        sys.stderr.write(f"carillon: {error.msg} ({error.id})\n")
    if errors:
        raise SystemExit(EXIT_CODE)
