"""The Celery app and its static timetable: Celery is the wake-up call, the database is the record."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown

import config.broker  # noqa: F401 - gives filesystem:// its whole messages

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("servicedrop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule_filename = os.path.join(os.environ.get("SERVICEDROP_VAR", "var"), "celerybeat-schedule")
app.conf.beat_schedule = {
    # The guarantee behind every nudge: whatever was lost with a broker or a worker is found here.
    "work the inbox": {
        "task": "beckn_adapter.tasks.work_inbox",
        "schedule": 1.0,
        "options": {"expires": 1.0},
    },
    "work the outbox": {
        "task": "beckn_adapter.tasks.work_outbox",
        "schedule": 1.0,
        "options": {"expires": 1.0},
    },
    "work the post": {
        "task": "connections.tasks.work_post",
        "schedule": 10.0,
        "options": {"expires": 10.0},
    },
    "count orders by stage": {
        "task": "connections.tasks.count_orders",
        "schedule": 300.0,
        "options": {"expires": 300.0},
    },
    # Every hour, because a day begins at another hour in each provider's time zone.
    "expire documents": {
        "task": "connections.tasks.expire_documents",
        "schedule": crontab(minute=10),
        "options": {"expires": 3000.0},
    },
    "clear refusals": {
        "task": "beckn_adapter.tasks.clear_refusals",
        "schedule": crontab(minute=25),
        "options": {"expires": 3000.0},
    },
    "clear stray files": {
        "task": "connections.tasks.clear_stray_files",
        "schedule": crontab(minute=40, hour=3),
        "options": {"expires": 3000.0},
    },
    # Several short spells a night: each application is a transaction of its own.
    "keep to the rules of retention": {
        "task": "connections.tasks.keep_retention",
        "schedule": crontab(minute="*/10", hour="2-3"),
        "options": {"expires": 500.0},
    },
    # All day long, since they come all day long: a day's searches are too many for a night.
    "sweep messages of no order": {
        "task": "connections.tasks.sweep_messages",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "check the audit trail": {
        "task": "connections.tasks.check_audit",
        "schedule": crontab(minute=20, hour=4),
        "options": {"expires": 3000.0},
    },
}


@setup_logging.connect
def leave_the_logs_alone(**_: object) -> None:
    """That somebody listens is enough: else Celery sets the root logger to its own level, and LOG_LEVEL is void."""


@worker_process_init.connect
def begin_to_count(**_: object) -> None:
    """In each worker process; Django's models are not there yet when this module is read."""
    from beckn_adapter import tally  # noqa: PLC0415

    tally.start()
    worker_process_shutdown.connect(lambda **_: tally.flush(), weak=False)
