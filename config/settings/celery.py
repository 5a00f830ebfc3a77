"""Celery, which only rings bells: nothing on the broker is the only copy of anything (RELIABILITY 2.8)."""

from kombu import Queue

from config import environment as names
from config.beat import schedule
from config.queues import WAKE_TASK, queue_names
from config.queues import WORKER_GROUPS as GROUPS
from config.settings.values import ENV

BROKER_URL = ENV[names.BROKER_URL] or ENV[names.REDIS_URL]
LANES = queue_names(ordinary=ENV[names.QUEUE_NAME], critical=ENV[names.PRIORITY_QUEUE_NAME], dead=ENV[names.DLQ_NAME])
WORKER_GROUPS = dict(GROUPS)
WORKER_THREADS = ENV[names.WORKER_THREADS]
DATABASE_REUSE_TASKS = 1_000_000  # tasks on one connection before Celery closes it: practically never

CELERY_BROKER_URL = BROKER_URL
_WHOEVER_PUBLISHES = {"max_retries": 1, "interval_start": 0, "interval_step": 0.1, "interval_max": 0.1}
_REDIS = {"socket_timeout": 2, "socket_connect_timeout": 0.5, "visibility_timeout": 60, "health_check_interval": 10}
_AMQP = {"confirm_publish": True}
CELERY_BROKER_TRANSPORT_OPTIONS = _WHOEVER_PUBLISHES | (_AMQP if BROKER_URL.startswith("amqp") else _REDIS)
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None
CELERY_TASK_ACKS_LATE = False  # a bell that rings twice is only noise, one that is kept for later is late
CELERY_TASK_QUEUES = [Queue(queue, routing_key=queue) for queue in LANES.values()]
CELERY_TASK_DEFAULT_QUEUE = LANES["upkeep"]
CELERY_TASK_CREATE_MISSING_QUEUES = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True  # none is: nothing is acknowledged late
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_SCHEDULE = schedule(lanes=LANES, task=WAKE_TASK, flush_seconds=ENV[names.ANALYTICS_FLUSH_INTERVAL])
DJANGO_CELERY_BEAT_TZ_AWARE = True
