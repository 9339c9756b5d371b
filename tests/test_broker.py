"""What we mend in kombu (config/broker.py, config/redis_broker.py), on a real broker."""

import pytest
from kombu import Connection

import config.celery  # noqa: F401 - the mends are in place
from tests.servers import redis_url


def test_a_channel_whose_connection_is_gone_says_that_it_is_lost() -> None:
    """A worker that is letting go of a broker it lost takes this in its stride, and anything else for its end."""
    connection = Connection(redis_url(6))
    channel = connection.default_channel
    connection.collect()

    with pytest.raises(connection.connection_errors, match="is closed"), channel.conn_or_acquire():
        pass
