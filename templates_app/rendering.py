"""Fill in the words of a batch: what strangers wrote in a child of this process, what the platform wrote right here."""

import logging
from collections.abc import Sequence
from typing import Any

from templates_app.children import NoChildren, children
from templates_app.rules.batch import render_with
from templates_app.rules.liquid import render_batch
from templates_app.values import Job

log = logging.getLogger(__name__)


def render_jobs(jobs: Sequence[Job]) -> list[Any]:
    """One finished content or `RenderError` per job, in their order."""
    trusted = iter(render_batch(job for job in jobs if job.trusted))
    strange = iter(_render_strange([job for job in jobs if not job.trusted]))
    return [next(trusted if job.trusted else strange) for job in jobs]


def _render_strange(jobs: Sequence[Job]) -> list[Any]:
    """Where no child can be had the limits of the language alone must do: messages go out all the same."""
    try:
        return render_with(children.fill, jobs)
    except NoChildren as trouble:
        log.error("template.no_children", extra={"trouble": str(trouble)})
        return render_batch(jobs)
