"""One worker process watches: it looks for new work again and again, so that nobody need wake it. The others help.

While somebody watches no nudge goes out, and two do not run after the same few messages. A watcher whose turn took too
long calls for help, and a helper stays as long as it finds something. Who watches stands in the cache, which may be
lost at any time: then two watch, or nobody until the sweep's next second.
"""

import logging
import time

from beckn_adapter.nudge import MARK, PENDING_SECONDS, send_task
from connections import marks

log = logging.getLogger(__name__)
WATCHER = "watcher"
LASTS = 3  # seconds after which one who says nothing is no watcher any more
KEEP = 1.0  # seconds between two such words
LATE = 0.05  # seconds of one turn that are too long for what comes meanwhile
CALL = 1.0  # seconds between two calls for help


class Watch:
    """This process's part in it, for one task."""

    def __init__(self) -> None:
        self.is_mine, self._kept_at, self._called_at = False, 0.0, 0.0

    def begin(self) -> None:
        """Watch, if nobody does."""
        self.is_mine = marks.leave(WATCHER, LASTS)
        self._kept_at = 0.0

    def keep(self, turn: float) -> None:
        """Watch on. `turn` is how many seconds the last one took."""
        now = time.monotonic()
        if not self.is_mine:
            return
        if now - self._kept_at > KEEP:
            self._kept_at = now
            marks.renew(WATCHER, LASTS)
            marks.renew(MARK, PENDING_SECONDS)
        if turn > LATE and now - self._called_at > CALL:
            self._called_at = now
            _call_for_help()

    def end(self) -> None:
        """From here on who stores something nudges again. To be called before the last look."""
        if self.is_mine:
            self.is_mine = False
            marks.wipe(MARK, WATCHER)


def _call_for_help() -> None:
    try:
        send_task()
    except Exception as problem:  # noqa: BLE001 - whatever a broker may raise, the work is in the database
        log.warning("nobody could be called for help (%s)", type(problem).__name__)
