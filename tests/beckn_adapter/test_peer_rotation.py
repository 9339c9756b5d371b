"""A buyer app changes its key: both are good while both are valid, and the registry is asked once for each."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from nacl.signing import SigningKey

from beckn_adapter.sandbox.participant import Participant, iso
from beckn_adapter.sandbox.registry import Registry
from tests.beckn_adapter.conversation import request
from tests.beckn_adapter.door_client import DoorClient
from tests.conftest import AtOnce

OLD = Participant("buyer.test", "https://buyer.test/beckn", "BAP", key_id="old")
NEW = replace(OLD, key_id="new", signing_key=SigningKey.generate())


def search(signer: Participant) -> int:
    raw = json.dumps(request("search", {"intent": {}})).encode()
    headers = {"authorization": signer.sign(raw)}
    return int(DoorClient().post("/beckn/search", raw, content_type="application/json", headers=headers).status_code)


def test_inside_the_overlap_nobody_is_refused(network: Registry, db: None) -> None:
    OLD.subscribe(network.url)
    before = [search(OLD) for _ in range(5)]
    NEW.subscribe(network.url)
    network.lookups.clear()

    during = [search(signer) for _ in range(10) for signer in (OLD, NEW)]

    assert before + during == [200] * 25
    assert [question["key_id"] for question in network.lookups] == ["new"]


def test_after_its_end_the_old_key_is_refused_though_it_was_remembered(network: Registry, db: None) -> None:
    NEW.subscribe(network.url)
    end = datetime.now(UTC) + timedelta(seconds=3)
    OLD.subscribe(network.url, valid_until=iso(end))
    assert search(OLD) == 200

    time.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + 0.05)

    assert (search(OLD), search(NEW)) == (401, 200)


@pytest.mark.django_db(transaction=True)
def test_a_new_key_that_many_messages_bring_at_once_is_asked_for_once(network: Registry, at_once: AtOnce) -> None:
    NEW.subscribe(network.url)
    network.lookups.clear()

    assert at_once(12, lambda: search(NEW)) == [200] * 12
    assert len(network.lookups) == 1
