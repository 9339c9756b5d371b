"""Redis as broker: kombu's transport, with a connection that is gone said to be gone.

A worker that loses its broker closes its connection twice. Where the first time did not get to its end, kombu 5.7.0
looks, to hand back what was in hand, for an address that it has forgotten already; the AttributeError ends the worker,
while a lost connection is what it was prepared for (seen once in some thirty losses under load).
"""

from typing import Any

from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as ConnectionLost


class Channel(kombu_redis.Channel):
    """Kombu's channel, but for the error without a connection."""

    def _connparams(self, asynchronous: bool = False) -> dict[str, Any]:
        if self.connection is None or self.connection.client is None:
            raise ConnectionLost("the connection to the broker is closed")
        params: dict[str, Any] = super()._connparams(asynchronous)
        return params


class Transport(kombu_redis.Transport):
    """What `redis://` and `rediss://` mean from here on."""

    Channel = Channel
