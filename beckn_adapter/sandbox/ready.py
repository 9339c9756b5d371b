"""Loaded into the sandbox's Celery worker (`-I`): leaves a file when the worker takes work, for the one who waits."""

import os
from pathlib import Path
from typing import Any

from celery.signals import worker_ready

READY_FILE = "SANDBOX_WORKER_READY"


@worker_ready.connect
def leave_a_sign(**_: Any) -> None:
    sign = os.environ.get(READY_FILE)
    if sign:
        Path(sign).touch()
