"""What is written of a message that was acknowledged: a count, a line of the log, a span. After its ACK has left."""

import logging
import time
from dataclasses import dataclass, field

from beckn_adapter import metrics, tracing

log = logging.getLogger(__name__)


@dataclass
class Receipt:
    """`ids` as in trail.py; `outcome` is what the inbox said, stored or repeated; `seconds` from arrival to ACK."""

    ids: dict[str, str]
    outcome: str
    seconds: float
    at: int = field(default_factory=time.time_ns)

    def write(self) -> None:
        action, bap_id = self.ids["action"], self.ids["bap_id"]
        kind = "new" if self.outcome == "stored" else "repeated"
        metrics.received(action, bap_id, kind=kind, seconds=self.seconds)
        log.info("acknowledged %s: %s", action, self.outcome, extra={"trail": self.ids})
        tracing.received(self.ids, kind, self.at - int(self.seconds * 1e9), self.at)
