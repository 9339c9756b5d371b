"""What an update asks for that nothing here reads: its sender is told, lest it believes that it was done."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from beckn_adapter.handlers.agreement import PEOPLE
from beckn_adapter.handlers.lookup import ITEM
from beckn_adapter.models import Callback, Message
from beckn_adapter.translate.request import FULFILLMENT, ORDER, WISH_TAGS, find_premises
from beckn_adapter.translate.tags import read_tags
from beckn_adapter.translate.taxonomy import squash
from connections.models import Application

Json = dict[str, Any]
PARTS = ("items", "billing", "fulfillments")  # payments are reports of what was paid, and kept as they came
TAGS = f"{ITEM}/tags"
PREMISES = f"{FULFILLMENT}/stops/premises"
# What agreement.py compares and lookup.py checks, and what stands below it.
READ = (
    *(path for _, path, *_ in PEOPLE),
    *(f"{PREMISES}/location/{name}" for name in ("address", "gps", "area_code")),
    *(
        f"{ITEM}/{name}"
        for name in ("id", "category_ids", "location_ids", "fulfillment_ids", "quantity/selected/count")
    ),
    *(f"{TAGS}/{code}" for code in WISH_TAGS),
    *(f"{FULFILLMENT}/id", f"{FULFILLMENT}/type", f"{PREMISES}/type"),
)
LOOKED_BACK = 50  # messages each way
NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")


class Word(NamedTuple):
    """One value of an order: `path` is where it stands, `name` the same wherever its stop or its tag stands."""

    path: str
    name: str
    value: Any


def find_unread(order: Json, targets: list[str], application: Application, told: Json) -> Iterator[str]:
    """Where below the targets the order says something that nothing here reads and nobody has said of it before.

    `told` is the order as we tell it now. A buyer app may send back all that it knows, though it be of last week: what
    it said at init or confirm, and what we told it since, are looked at only if `told` does not have it.
    """
    known = {(word.name, _plain(word.value)) for word in words_of(told)}
    known.add((f"{PREMISES}/location/city/code", _plain(application.city_code)))
    asked = [word for word in words_of(order) if _is_below(targets, word.path) and not _is_below(READ, word.name)]
    news = [word for word in asked if (word.name, _plain(word.value)) not in known]
    if not news:
        return
    before = {(word.name, _plain(word.value)) for said in _said_before(application) for word in words_of(said)}
    yield from (word.path for word in news if (word.name, _plain(word.value)) not in before)


def words_of(order: Json) -> Iterator[Word]:
    """Every value of the parts that an update can name; what is left empty is no value."""
    fulfillments = order.get("fulfillments") or [{}]
    here = f"{FULFILLMENT}/stops/{find_premises(fulfillments[0].get('stops') or [])}/"
    for part in PARTS:
        for path, value in _values(order.get(part), f"{ORDER}/{part}"):
            if not path.startswith(f"{TAGS}/"):
                yield Word(path, path.replace(here, f"{PREMISES}/", 1), value)
    for code, (value, group, n) in read_tags((order.get("items") or [{}])[0].get("tags")).items():
        yield Word(f"{TAGS}/{group}/list/{n}/value", f"{TAGS}/{code}", value)


def _values(thing: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, dict | list):
        for step, inner in thing.items() if isinstance(thing, dict) else enumerate(thing):
            yield from _values(inner, f"{path}/{str(step)[:80]}")
    elif thing not in ("", None):
        yield path, thing


def _is_below(those: Iterable[str], path: str) -> bool:
    return any(f"{path}/".startswith(f"{one}/") for one in those)


def _said_before(application: Application) -> Iterator[Json]:
    """The order as the buyer app wrote it when it became one, and as we have told it."""
    asked = application.messages.filter(action__in=["init", "confirm"], state=Message.State.HANDLED, error="")
    rows: list[Message | Callback] = [*asked[:LOOKED_BACK], *application.callbacks.order_by("-id")[:LOOKED_BACK]]
    for row in rows:
        if row.body:  # else it was erased
            yield (json.loads(bytes(row.body)).get("message") or {}).get("order") or {}


def _plain(value: Any) -> Decimal | str:
    """A value without what makes no difference: 5.0 is 5, `end` is END."""
    text = str(value).strip()
    return Decimal(text) if NUMBER.fullmatch(text) else squash(text)
