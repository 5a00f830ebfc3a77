"""Wake: the one Celery task. A bell carries a lane's name, never work."""

from typing import Any

from celery import shared_task

from orchestrator.pipeline import work as work_lane


@shared_task(name="orchestrator.work", ignore_result=True)
def work(*, lane: str, **_: Any) -> None:
    """Work `lane` until it is empty. Words that a newer version adds are ignored."""
    work_lane(lane)
