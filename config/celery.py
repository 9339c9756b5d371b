"""The Celery app and its static timetable: Celery is the wake-up call, the database is the record."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("servicedrop")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule_filename = os.path.join(os.environ.get("SERVICEDROP_VAR", "var"), "celerybeat-schedule")
app.conf.beat_schedule = {
    # The guarantee behind every nudge: whatever was lost with a broker or a worker is found here.
    "work the inbox": {
        "task": "beckn_adapter.tasks.work_inbox",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
    "work the outbox": {
        "task": "beckn_adapter.tasks.work_outbox",
        "schedule": 2.0,
        "options": {"expires": 2.0},
    },
}
