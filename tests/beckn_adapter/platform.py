"""Us as a platform that a registry can reach: this process's own door on real HTTP, with keys in the settings."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from django.core.wsgi import get_wsgi_application
from django.db import connections

from beckn_adapter import keys
from beckn_adapter.door import Door
from beckn_adapter.sandbox.registry import Registry


class Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """The tests' own output is enough."""


@contextmanager
def door() -> Iterator[str]:
    """The address of our Beckn endpoints."""
    server = make_server("127.0.0.1", 0, Door(get_wsgi_application()), handler_class=Silent)
    serving = threading.Thread(target=_serve, args=[server], daemon=True)
    serving.start()
    yield f"http://127.0.0.1:{server.server_port}/beckn"
    server.shutdown()
    serving.join()
    server.server_close()


def _serve(server: WSGIServer) -> None:
    """Until it is shut down; then its thread gives back its database connection, which nobody else could close."""
    try:
        server.serve_forever(poll_interval=0.02)
    finally:
        connections.close_all()


def take_part(settings: Any, registry: Registry, url: str) -> None:
    """Settings of a platform that nobody has registered yet, without keys."""
    for name, value in registry.environment().items():
        setattr(settings, name, value)
    settings.BECKN_SUBSCRIBER_ID = "newcomer.test"
    settings.BECKN_SUBSCRIBER_URI = url
    for name in ("BECKN", "BECKN_SECOND"):
        for part in ("KEY_ID", "SIGNING_KEY", "ENCRYPTION_KEY"):
            setattr(settings, f"{name}_{part}", "")


def hold(settings: Any, pairs: keys.KeyPairs, name: str = "BECKN") -> None:
    """These keys in the settings, as the first or the second."""
    for part, value in pairs.as_settings().items():
        setattr(settings, part.replace(pairs.name, name, 1), value)
