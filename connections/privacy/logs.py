"""Personal data does not reach the logs: masked in every line, whoever wrote it."""

import logging

from connections.privacy.masking import mask_text

_formatter = logging.Formatter()


class PersonalDataFilter(logging.Filter):
    """Masks telephone numbers, e-mail addresses, positions and the values of personal keys, in messages and tracebacks.

    To be put on every handler; formatters find the masked traceback in `exc_text`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # a line whose arguments do not fit: better bare than lost
            message = str(record.msg)
        record.msg, record.args = mask_text(message), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = mask_text(_formatter.formatException(record.exc_info))
        return True
