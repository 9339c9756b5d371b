"""Addresses that are keys do not go into the log: who reads it could open the page."""

import logging
import re

KEYS = re.compile(r"(/(?:track|documents)/)[^/\s?]+")


class TokensInLogs(logging.Filter):
    """Leaves out the part of an address that opens a document form or a tracking page."""

    def filter(self, record: logging.LogRecord) -> bool:
        written = record.getMessage()
        hidden = KEYS.sub(r"\1…", written)
        if hidden != written:
            record.msg, record.args = hidden, ()
        return True
