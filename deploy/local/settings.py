"""Has the user's environment been judged good, and is it the one of last time? Asked before anything is started."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

from deploy.local.paths import REPO, State

EXIT_CODE = 2  # of a command that finds settings which will not do


class WrongSettings(Exception):
    """The environment holds what will not do; the message has one line per mistake."""


def fingerprint(state: State, *, environ: Mapping[str, str]) -> str:
    """A text that changes with any setting in `environ`. Raises WrongSettings. The venv must be there."""
    judged = subprocess.run(
        [str(state.python), "-m", "config.given"],
        env=dict(environ),
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    if judged.returncode != 0:
        raise WrongSettings(judged.stderr.replace("carillon: ", "").strip())
    return judged.stdout.strip()
