"""The form of our logs."""

import json
import logging
import time
from functools import lru_cache

_write = json.JSONEncoder(ensure_ascii=False).encode  # kept: making one costs as much as writing a line


class JsonLine(logging.Formatter):
    """A log record as one JSON object: time (UTC), level, logger, message, whose Beckn message and which Celery task
    it is about (beckn_adapter/trail.py), and the traceback where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": write_time(int(record.created)),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "trail", {}),
        }
        if record.exc_text or record.exc_info:
            line["traceback"] = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
        return _write(line)


@lru_cache(maxsize=4)
def write_time(seconds: int) -> str:
    """Unix seconds in UTC; written once for all lines of a second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
