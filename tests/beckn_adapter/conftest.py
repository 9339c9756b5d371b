"""What the adapter's tests share: a network on real HTTP, and core 1.1.0's word on every callback that they make."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db.models import Model

from beckn_adapter import departures, limits, refusals, tally
from beckn_adapter import registry as registry_module
from beckn_adapter.models import Callback
from beckn_adapter.sandbox.buyer import BuyerApp
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from connections.models import Provider
from tests.core_schema import PROTOCOL, violations


@pytest.fixture(autouse=True)
def every_callback_is_valid_under_core(request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test that uses the database, with formats asserted: these tests' buyer apps send UUIDs."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    request.getfixturevalue("transactional_db" if marker.kwargs.get("transaction") else "db")
    yield
    if PROTOCOL.exists():
        for callback in Callback.objects.exclude(body__in=[b"", b"{}"]):  # rows made by hand
            assert violations(json.loads(bytes(callback.body)), uuid_ids=True) == []


@pytest.fixture(autouse=True)
def nobody_is_known_yet() -> Iterator[None]:
    """What a web process learns of its callers is forgotten, as after a restart."""
    yield
    registry_module.registry.forget()
    limits.forget()
    departures.open_another()
    refusals.forget()
    tally.forget()


@pytest.fixture(scope="session")
def guides_rows() -> list[Model]:
    """What the command wrote the first time."""
    return []


@pytest.fixture
def guide(db: None, guides_rows: list[Model]) -> None:
    """San Francisco Electric Authority as the guide has it: loaded once, and the same rows word for word after that."""
    if Provider.objects.exists() or not guides_rows:
        began_empty = not Provider.objects.exists()
        call_command("load_guide", verbosity=0)
        kinds = apps.get_app_config("connections").get_models() if began_empty else ()
        guides_rows.extend(row for kind in kinds for row in kind._base_manager.all())
    else:
        for row in guides_rows:
            row.save_base(raw=True, force_insert=True)


@pytest.fixture(scope="session")
def registry_server() -> Iterator[Registry]:
    server = Registry()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def network(registry_server: Registry, settings: Any) -> Registry:
    """The sandbox's registry, with us in it under fresh keys."""
    us = Participant("bpp.test", "http://127.0.0.1:1/beckn", "BPP")
    us.subscribe(registry_server.url)
    settings.BECKN_REGISTRY_URL = registry_server.url
    settings.BECKN_SUBSCRIBER_ID = us.subscriber_id
    settings.BECKN_SUBSCRIBER_URI = us.url
    settings.BECKN_KEY_ID = us.key_id
    settings.BECKN_SIGNING_KEY = base64.b64encode(bytes(us.signing_key)).decode()
    settings.BECKN_ALLOW_PRIVATE_CALLBACKS = True
    return registry_server


@pytest.fixture
def buyer(network: Registry) -> Iterator[BuyerApp]:
    """A buyer app that is registered and listens."""
    app = BuyerApp(network.url)
    app.start()
    yield app
    app.stop()
