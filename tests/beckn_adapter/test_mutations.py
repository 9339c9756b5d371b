"""Ten thousand messages that are almost right: none is answered 5xx, and without a valid signature none leaves a trace.

What was signed may be taken or not; what was taken the worker answers, and it never stumbles.
"""

import json
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beckn_adapter import door, drain
from beckn_adapter.models import Callback, Message
from beckn_adapter.sandbox.participant import Participant, iso
from beckn_adapter.sandbox.registry import Registry
from connections.models import Application
from tests.beckn_adapter.conversation import refused
from tests.beckn_adapter.mutations import mutation

MESSAGES = Path(__file__).resolve().parents[3] / "shared" / "guide" / "messages"
FILES = ["01_search.json", "03_select.json", "05_init.json", "07_confirm.json"]
BATCH, BATCHES = 50, 200
SAMPLE = 10  # one in so many of those that were taken is worked on

pytestmark = [
    pytest.mark.skipif(not MESSAGES.exists(), reason=f"the guide's messages are not in {MESSAGES}"),
    pytest.mark.django_db,
    pytest.mark.usefixtures("guide"),
]
# What the guide has no sample of: the requests about an order that exists.
AFTERWARDS: list[tuple[str, dict[str, Any]]] = [
    ("status", {"order_id": "conn-order-1"}),
    ("track", {"order_id": "conn-order-1", "callback_url": "https://x.test"}),
    ("cancel", {"order_id": "conn-order-1", "cancellation_reason_id": "c1", "descriptor": {"name": "no"}}),
    ("update", {"update_target": "billing", "order": {"id": "conn-order-1", "billing": {"name": "M"}}}),
    ("rating", {"ratings": [{"rating_category": "Order", "id": "conn-order-1", "value": "5"}]}),
    ("support", {"support": {"ref_id": "conn-order-1", "callback_phone": "+1", "email": "m@x.test"}}),
    ("get_cancellation_reasons", {}),
    ("get_rating_categories", {}),
]  # fmt: skip


@pytest.fixture
def bap(network: Registry, settings: Any) -> Participant:
    participant = Participant("buyer.test", "https://buyer.test/beckn", "BAP")
    participant.subscribe(network.url)
    settings.BECKN_STRICT_IDS = True  # so that core's schema can judge every answer with formats
    settings.BECKN_RATE_PER_SUBSCRIBER = settings.BECKN_RATE_PER_ADDRESS = settings.BECKN_FAILURES_PER_ADDRESS = 0
    return participant


def good_messages(bap: Participant) -> list[tuple[str, bytes]]:
    """The guide's four and ours, in one new transaction."""
    guide = [json.loads((MESSAGES / name).read_text()) for name in FILES]
    ours = [{"context": {**guide[0]["context"], "action": action}, "message": said} for action, said in AFTERWARDS]
    shared = {"bap_id": bap.subscriber_id, "bap_uri": bap.url, "transaction_id": str(uuid.uuid4())}
    for message in (*guide, *guide, *ours):
        message["context"].update(shared, message_id=str(uuid.uuid4()), timestamp=iso(datetime.now(UTC)))
        message["context"].pop("bpp_id", None)
    return [(message["context"]["action"], json.dumps(message).encode()) for message in (*guide, *guide, *ours)]


def tell(action: str, body: bytes, header: str) -> int:
    """Through the door, without a server around it: the status, once the answer has been found to be one."""
    request = RequestFactory().generic("POST", f"/beckn/{action}", body, headers={"Authorization": header})
    reply = door.receive(request.environ, action)
    answer = json.loads(reply.content)
    taken = answer["message"]["ack"]["status"] == "ACK"
    assert taken == (reply.status == 200)
    assert taken or {"code", "message", "paths"} == answer["error"].keys()
    return reply.status


def header_for(bap: Participant, original: bytes, changed: bytes, how: int) -> str:
    """Signed over what is sent, over what it was before, by somebody else, or with a change of its own."""
    if how < 3:
        return bap.sign(changed)
    if how == 3:
        return bap.sign(original)
    if how == 4:
        return Participant(bap.subscriber_id, bap.url, "BAP").sign(changed)
    return bap.sign(changed).replace('expires="1', 'expires="2')


def mutate_all(bap: Participant, check: Any, batches: int = BATCHES) -> None:
    """Call `check(action, original, changed, how)` for every mutation; the same ones in every run."""

    @settings(
        max_examples=batches,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(mutation, min_size=BATCH, max_size=BATCH))
    def one_batch(mutations: list[Any]) -> None:
        messages = good_messages(bap)
        for which, change, at, what, how in mutations:
            action, original = messages[which % len(messages)]
            check(action, original, change(original, at, what), how)

    one_batch()


def test_ten_thousand_mutants_get_an_answer_and_only_the_signed_are_taken(bap: Participant) -> None:
    statuses: Counter[tuple[bool, int]] = Counter()

    def check(action: str, original: bytes, changed: bytes, how: int) -> None:
        signed = how < 3 or (how == 3 and changed == original)
        status = tell(action, changed, header_for(bap, original, changed, how))
        assert status == 401 if not signed else status in (200, 400, 401), (action, changed, how)
        statuses[signed, status] += 1

    mutate_all(bap, check)

    told = sum(statuses.values())
    taken = statuses[True, 200]
    assert told == BATCH * BATCHES
    assert 0 < Message.objects.count() <= taken
    assert {reason for reason, _ in refused()}.isdisjoint({"internal", "storage", "registry", "rate"})
    assert not Callback.objects.exists()
    assert not Application.objects.exists()
    work_on_a_sample()


def work_on_a_sample() -> None:
    rows = list(Message.objects.order_by("id")[::SAMPLE])
    for row in rows:
        drain.work(row)

    stumbled = Message.objects.filter(pk__in=[row.pk for row in rows]).exclude(state=Message.State.HANDLED)
    assert [(row.action, row.error, bytes(row.body)) for row in stumbled] == []
    assert Callback.objects.count() == len(rows)
