"""The Celery app and its static timetable: Celery is the wake-up call, the database is the record."""

import os
import signal
from threading import Timer

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_process_init, worker_process_shutdown, worker_shutting_down
from django.conf import settings

import config.broker  # noqa: F401 - mends of kombu, for both brokers
from config.memory import collect_less

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("servicedrop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # The guarantee behind every nudge: whatever was lost with a broker or a worker is found here.
    "work inbox and outbox": {
        "task": "beckn_adapter.tasks.work",
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
    "clear sent forms": {
        "task": "connections.tasks.clear_sent_forms",
        "schedule": crontab(minute=50, hour=3),
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


@worker_shutting_down.connect
def end_in_time(how: str, **_: object) -> None:
    """SIGTERM is Celery's warm shutdown: it waits for what is in hand, however long that takes. Those who run it wait
    shorter, and then kill. So the worker itself asks for the cold one after WORKER_GRACE_SECONDS.

    Celery's own soft shutdown is no help: it needs REMAP_SIGTERM in the environment before Celery is imported, always
    sleeps its whole time when anything is in hand, and ends with the exit code of a failure.
    """
    if how == "Warm":
        impatience = Timer(settings.WORKER_GRACE_SECONDS, os.kill, (os.getpid(), signal.SIGQUIT))
        impatience.daemon = True
        impatience.start()


@setup_logging.connect
def leave_the_logs_alone(**_: object) -> None:
    """That somebody listens is enough: else Celery sets the root logger to its own level, and LOG_LEVEL is void."""


@worker_process_init.connect
def begin_to_count(**_: object) -> None:
    """In each worker process; Django's models are not there yet when this module is read."""
    from beckn_adapter import questions, tally  # noqa: PLC0415

    collect_less()
    questions.begin_carefully()
    tally.start()
    worker_process_shutdown.connect(lambda **_: tally.flush(), weak=False)
