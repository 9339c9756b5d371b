"""A client that comes in by the Beckn door, as every stranger does: Django's own client begins behind it."""

from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpResponse
from django.test import Client

from beckn_adapter.door import Door


class DoorClient(Client):
    """Django's test client, at the WSGI application that stands before Django."""

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.handler = _come_in  # type: ignore[assignment]


def _come_in(environ: dict[str, Any]) -> HttpResponse:
    begun: list[Any] = []
    request = WSGIRequest(environ)
    sent = environ | {"wsgi.input": BytesIO(environ["wsgi.input"].read())}
    answer = Door(_nobody)(sent, lambda status, headers: begun.extend((status, headers)))
    response = HttpResponse(b"".join(answer), status=int(begun[0].split()[0]), headers=dict(begun[1]))
    answer.close()  # type: ignore[attr-defined]
    response.wsgi_request = request  # type: ignore[attr-defined]
    return response


def _nobody(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    raise AssertionError(f"{environ['PATH_INFO']} is not the Beckn door's")
