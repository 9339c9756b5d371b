"""What does not reach the logs, whoever wrote the line: personal data, and addresses that are keys to a page."""

import logging
import re
from functools import lru_cache

from connections.privacy.masking import mask_text

# Of a document form or a tracking page: who reads the log could open it.
KEYS = re.compile(r"(/(?:track|documents)/)[^/\s?]+")
_formatter = logging.Formatter()


class Discreet(logging.Filter):
    """Masks telephone numbers, e-mail addresses, positions, the values of personal keys and the keys in addresses, in
    messages and tracebacks.

    To be put on every handler; formatters find the masked traceback in `exc_text`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a line whose arguments do not fit: better bare than lost
            message = str(record.msg)
        record.msg, record.args = _discreet(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = _formatter.formatException(record.exc_info)
        if record.exc_text:  # whoever made it: another handler may have written it in full already
            record.exc_text = _discreet(record.exc_text)
        return True


@lru_cache(maxsize=256)
def _discreet(text: str) -> str:
    """The keys first: a mask could leave half of one. Remembered, since most lines are the same but for their ids."""
    return mask_text(KEYS.sub(r"\1…", text))
