"""What a bench does inside the house, with its settings and its database."""

import json
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
    buyers = list(addresses.items())
    for number in range(count):
        bap_id, bap_uri = buyers[number % len(buyers)]
        ids = {"bap_id": bap_id, "bap_uri": bap_uri, "transaction_id": str(uuid4()), "message_id": str(uuid4())}
        outbox.put(sample["context"] | ids, {"message": sample["message"]})
    Callback.objects.update(due_at=timezone.now() + AHEAD)
