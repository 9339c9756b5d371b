"""What a bench does inside the house, with its settings and its database."""

import json
from copy import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone

from beckn_adapter import outbox
from beckn_adapter.models import Callback

AHEAD = timedelta(seconds=2)


@transaction.atomic
def fill_outbox(body: bytes, addresses: dict[str, str], count: int) -> None:
    """`count` callbacks like this one, each of a transaction of its own, all due in a moment and none before.

    `addresses`: where each buyer app takes callbacks, by its id; they get them in turn.
    """
    sample: dict[str, Any] = json.loads(body)
    samples = []
    for bap_id, bap_uri in addresses.items():
        ids = {"bap_id": bap_id, "bap_uri": bap_uri, "transaction_id": str(uuid4()), "message_id": str(uuid4())}
        samples.append(outbox.put(sample["context"] | ids, {"message": sample["message"]}))
    rest = [another(samples[number % len(samples)]) for number in range(count - len(samples))]
    Callback.objects.bulk_create(rest, batch_size=500)
    Callback.objects.update(due_at=timezone.now() + AHEAD)


def another(callback: Callback) -> Callback:
    """The same callback of another transaction, not saved."""
    found, ids = copy(callback), (str(uuid4()), str(uuid4()))
    body = callback.body.replace(callback.transaction_id.encode(), ids[0].encode())
    found.pk, found._state = None, copy(callback._state)
    found._state.adding = True
    found.transaction_id, found.message_id = ids
    found.body = body.replace(callback.message_id.encode(), ids[1].encode())
    return found
