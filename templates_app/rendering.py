"""Fill in the words of a batch: what strangers wrote in a child of this process, what the platform wrote right here."""

from collections.abc import Sequence
from typing import Any

from templates_app.rules.liquid import render_batch
from templates_app.values import Job


def render_jobs(jobs: Sequence[Job]) -> list[Any]:
    """One finished content or `RenderError` per job, in their order."""
    return render_batch(jobs)
