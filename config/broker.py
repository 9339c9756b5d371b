"""The embedded default's broker: kombu's folder of files, with each message put there whole.

kombu opens a message's file in the queue's folder before it writes it; a worker that looks in between reads nothing,
takes it for a broken message and ends (seen with kombu 5.7.0).
"""

import os
import tempfile
import uuid
from time import monotonic
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.encoding import str_to_bytes
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Kombu's channel, but for the moment at which a message can be seen."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:
        handle, unseen = tempfile.mkstemp(dir=self.data_folder_out, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(str_to_bytes(dumps(payload)))
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        os.replace(unseen, os.path.join(self.data_folder_out, name))


class Transport(filesystem.Transport):
    """What `filesystem://` means from here on."""

    Channel = Channel


# By name, so that only the one that is used is loaded.
TRANSPORT_ALIASES["filesystem"] = "config.broker:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "config.redis_broker:Transport"
