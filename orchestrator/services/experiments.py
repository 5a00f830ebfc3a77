"""Keep experiments: draft, start, stop. What is running is not changed, or its results would mean nothing."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from kernel.ids import uuid7
from orchestrator.models import Experiment
from orchestrator.rules.experiments import overlap
from orchestrator.selectors import forget_strategies
from tenants.services import audit

DRAFT, RUNNING, STOPPED = Experiment.State.DRAFT, Experiment.State.RUNNING, Experiment.State.STOPPED


class NotNow(Exception):
    """The state of the experiment, or another one, does not allow it. `code` is API; the message says what would do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Wanted:
    """An experiment as somebody wants it. `arms` are those that `arm_faults` found nothing wrong with."""

    key: str
    name: str
    types: tuple[str, ...]
    arms: Sequence[Mapping[str, Any]]
    holdout_percent: float
    goal: str


def draft(wanted: Wanted, *, tenant_id: UUID, actor: str, at: datetime) -> tuple[Experiment, bool]:
    """Create or change an experiment that was never started; returns it and whether it is new. Raises `NotNow`."""
    with transaction.atomic():
        row = _locked(tenant_id).get(wanted.key)
        if row is not None and row.state != DRAFT:
            what = f"'{row.key}' is {row.state}; draft another one under another key"
            raise NotNow("experiment_not_draft", what)
        new = row is None
        row = row or Experiment(tenant_id=tenant_id, key=wanted.key, salt=secrets.token_hex(8), created_at=at)
        row.name, row.types, row.arms = wanted.name, list(wanted.types), [dict(arm) for arm in wanted.arms]
        row.holdout_percent, row.goal, row.updated_at = wanted.holdout_percent, wanted.goal, at
        if new:
            row.id = uuid7(at)
        row.save(force_insert=new)
        _tell("experiment.drafted", row, actor=actor, at=at)
    return row, new


def start(key: str, *, tenant_id: UUID, actor: str, at: datetime) -> Experiment | None:
    """Let an experiment run from now on; `None` when there is none. Raises `NotNow`."""
    with transaction.atomic():
        rows = _locked(tenant_id)
        row = rows.get(key)
        if row is None or row.state == RUNNING:
            return row
        if row.state == STOPPED:
            what = f"'{key}' was stopped; its arms have seen different times. Draft another one under another key"
            raise NotNow("experiment_not_draft", what)
        for other in rows.values():
            if other.state == RUNNING and overlap(row.types, other.types):
                what = f"'{other.key}' is running on the same types; stop it first, or give each types of its own"
                raise NotNow("experiment_overlap", what)
        row.state, row.started_at, row.updated_at = RUNNING, at, at
        row.save(update_fields=("state", "started_at", "updated_at"))
        _tell("experiment.started", row, actor=actor, at=at)
    return row


def stop(key: str, *, tenant_id: UUID, actor: str, at: datetime) -> Experiment | None:
    """Let an experiment end: everybody gets what is configured. `None` when there is none; raises `NotNow`."""
    with transaction.atomic():
        row = _locked(tenant_id).get(key)
        if row is None or row.state == STOPPED:
            return row
        if row.state == DRAFT:
            raise NotNow("experiment_not_running", f"'{key}' was never started; delete the draft instead")
        row.state, row.stopped_at, row.updated_at = STOPPED, at, at
        row.save(update_fields=("state", "stopped_at", "updated_at"))
        _tell("experiment.stopped", row, actor=actor, at=at)
    return row


def delete(key: str, *, tenant_id: UUID, actor: str, at: datetime) -> bool:
    """Delete an experiment and who was exposed to it; `False` when there is none. Raises `NotNow` while it runs."""
    with transaction.atomic():
        row = _locked(tenant_id).get(key)
        if row is None:
            return False
        if row.state == RUNNING:
            raise NotNow("experiment_running", f"'{key}' is running; stop it first")
        row.delete()
        _tell("experiment.deleted", row, actor=actor, at=at)
    return True


def _locked(tenant_id: UUID) -> dict[str, Experiment]:
    """All of a tenant's, so that two that overlap are not started at once."""
    rows = Experiment.objects.select_for_update().filter(tenant_id=tenant_id).order_by("id")
    return {row.key: row for row in rows}


def _tell(action: str, row: Experiment, *, actor: str, at: datetime) -> None:
    audit(row.tenant_id, actor=actor, action=action, object=f"experiment:{row.key}", at=at)
    transaction.on_commit(forget_strategies)
