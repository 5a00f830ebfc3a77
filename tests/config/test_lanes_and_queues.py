"""Every lane has a queue and exactly one worker group; beat rings for upkeep and the log only."""

import base64
import json

import pytest
import redis
from django.conf import settings
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from config.beat import schedule
from config.celery import app
from config.management.commands.worker import worker_arguments
from config.queues import LANES, PRIORITIES, WAKE_TASK, WORKER_GROUPS, queue_names

NAMES = queue_names(ordinary="q", critical="p", dead="d")


def test_there_are_lanes_for_every_stage_and_priority() -> None:
    hot = {f"{stage}.{priority}" for stage in ("plan", "send") for priority in PRIORITIES}

    assert {lane.name for lane in LANES} == hot | {
        "retry",
        "digests",
        "receipts",
        "events",
        "webhooks",
        "upkeep",
        "dead",
    }
    assert set(NAMES) == {lane.name for lane in LANES}
    assert len(set(NAMES.values())) == len(LANES)


def test_each_lane_has_one_group_and_critical_ones_have_theirs_alone() -> None:
    served = [lane for lanes in WORKER_GROUPS.values() for lane in lanes]

    assert sorted(served) == sorted(lane.name for lane in LANES)
    assert WORKER_GROUPS["critical"] == ("plan.critical", "send.critical")
    assert set(WORKER_GROUPS) == {"critical", "bulk", "background"}


def test_a_worker_listens_to_the_queues_of_its_group() -> None:
    arguments = worker_arguments("critical", threads=3)

    assert "--queues=priority_notifications.plan.critical,priority_notifications.send.critical" in arguments
    assert "--pool=threads" in arguments
    assert "--concurrency=3" in arguments


def test_beat_rings_by_queue_and_forgets_bells_that_are_late() -> None:
    found = schedule(lanes=NAMES, task=WAKE_TASK, flush_seconds=30.0)

    assert {name: (entry["kwargs"], entry["schedule"], entry["options"]) for name, entry in found.items()} == {
        "ring upkeep": ({"lane": "upkeep"}, 60.0, {"queue": "q.upkeep", "expire_seconds": 60}),
        "ring events": ({"lane": "events"}, 30.0, {"queue": "q.events", "expire_seconds": 30}),
    }
    assert {entry["task"] for entry in found.values()} == {"orchestrator.work"}


@pytest.mark.django_db(transaction=True)
def test_beats_tables_are_seeded_with_nothing_but_our_bells() -> None:
    DatabaseScheduler(app=app, lazy=True).setup_schedule()

    found = {task.name: (task.task, task.queue, task.interval.every) for task in PeriodicTask.objects.all()}

    assert found == {
        "ring upkeep": ("orchestrator.work", settings.LANES["upkeep"], 60),
        "ring events": ("orchestrator.work", settings.LANES["events"], 60),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CELERY_DB_REUSE_MAX", 1_000_000),
        ("task_acks_late", False),
        ("task_ignore_result", True),
        ("task_publish_retry", False),
        ("accept_content", ["json"]),
        ("worker_prefetch_multiplier", 1),
        ("worker_enable_remote_control", False),
        ("worker_hijack_root_logger", False),
    ],
)
def test_celery_is_set_for_bells(name: str, value: object) -> None:
    assert app.conf[name] == value


def test_no_publish_waits_for_a_dead_broker() -> None:
    options = app.conf.broker_transport_options

    assert (options["socket_timeout"], options["socket_connect_timeout"], options["max_retries"]) == (2, 0.5, 1)


def test_a_bell_goes_to_its_queue_by_name_and_needs_no_table_that_a_flush_would_lose(servers: dict[str, str]) -> None:
    queue = settings.LANES["retry"]
    with redis.Redis.from_url(servers["redis_url"]) as broker, app.connection_for_write(servers["redis_url"]) as line:
        broker.delete(queue)

        app.send_task(WAKE_TASK, kwargs={"lane": "retry"}, queue=queue, connection=line)

        (sent,) = [json.loads(message) for message in broker.lrange(queue, 0, -1)]
        broker.delete(queue)
    assert sent["properties"]["delivery_info"] == {"exchange": "", "routing_key": queue}
    assert sent["headers"]["task"] == "orchestrator.work"
    assert json.loads(base64.b64decode(sent["body"]))[1] == {"lane": "retry"}
