"""Talking to the adapter without a network in between: a request goes into the inbox, the callback comes out."""

import json
import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from nacl.signing import SigningKey

from beckn_adapter import departures, drain, figures, inbox, signing, tally
from beckn_adapter.gate import Admitted
from beckn_adapter.models import Message
from beckn_adapter.registry import Subscriber
from beckn_adapter.sandbox import orders
from beckn_adapter.schema import check_envelope, check_shape

Json = dict[str, Any]
BAP = "buyer.test"
MARIA = orders.Need()


def new_id() -> str:
    return str(uuid.uuid4())


def request(action: str, message: Json, *, transaction_id: str = "", **context: Any) -> Json:
    """A whole request with fresh ids; a context field given as None is left out."""
    fields = {
        "domain": "service",
        "action": action,
        "version": "1.1.0",
        "bap_id": BAP,
        "bap_uri": f"https://{BAP}/beckn",
        "transaction_id": transaction_id or new_id(),
        "message_id": new_id(),
        "timestamp": datetime.now(UTC).isoformat(),
        "ttl": "PT10M",
        "location": {"country": {"code": "USA"}, "city": {"code": "NANP:628"}},
        **context,
    }
    return {"context": {name: value for name, value in fields.items() if value is not None}, "message": message}


def receive(body: Json, sender: str = BAP, *, acknowledged: bool = True) -> Message:
    """Store a request as the door does once its sender is known, and say that its ACK has left."""
    check_envelope(body)
    check_shape(body["context"]["action"], body)
    key = SigningKey(b"\1" * 32).verify_key
    subscriber = Subscriber(sender, "k1", "BAP", f"https://{sender}", "service", "SUBSCRIBED", key, None, None)
    raw = json.dumps(body).encode()
    stored = inbox.store(Admitted(body, subscriber, "Signature …", signing.digest(raw)), raw)
    if acknowledged:
        departures.door.left([stored.row_id])
    context = body["context"]
    return Message.objects.get(
        bap_id=sender,
        action=context["action"],
        transaction_id=context["transaction_id"],
        message_id=context["message_id"],
    )


def answer(row: Message) -> Json:
    drain.work(row)
    answer: Json = json.loads(bytes(row.callbacks.get().body))
    return answer


def ask(action: str, message: Json, **context: Any) -> Json:
    """The callback to a request: `{"context": …, "message": …}` or `{"context": …, "error": …}`."""
    return answer(receive(request(action, message, **context)))


def search(**intent: Any) -> list[str]:
    """The ids of the items that a search finds, in order."""
    found = ask("search", {"intent": intent})["message"]["catalog"]["providers"]
    return [item["id"] for provider in found for item in provider["items"]]


def selection(need: orders.Need = MARIA, provider: str = "sf_electric_authority", item: str = "") -> Json:
    return orders.selection(need, provider_id=provider, item_id=item or "new-resi-connection")


def application(need: orders.Need = MARIA, **details: Any) -> Json:
    return orders.application(need, selection(need, **details))


def place_order(need: orders.Need = MARIA) -> tuple[str, Json]:
    """init and confirm in a new transaction: its id, and the order that on_confirm tells."""
    transaction_id = new_id()
    terms = ask("init", {"order": application(need)}, transaction_id=transaction_id)["message"]["order"]
    confirmed = ask("confirm", {"order": orders.agreement(application(need), terms)}, transaction_id=transaction_id)
    return transaction_id, confirmed["message"]["order"]


def refused() -> dict[tuple[str, str], int]:
    """What `/metrics` says of the door's refusals: how many, by reason and by buyer app."""
    tally.flush()
    found = Counter[tuple[str, str]]()
    for (_, bap, reason), number in figures.read_counts().get("messages_refused", []):
        found[reason, bap] += number
    return dict(found)
