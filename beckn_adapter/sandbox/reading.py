"""Reading JSON that anybody may have written, and saying in plain words what a Beckn message says. Pure."""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
WHEN_DUE = {
    "PRE-ORDER": "with the order",
    "PRE-FULFILLMENT": "before the work",
    "ON-FULFILLMENT": "when power is on",
    "POST-FULFILLMENT": "afterwards",
}


def dig(value: Any, *steps: str | int) -> Any:
    """What stands at the end of the steps; None where the way breaks off."""
    for step in steps:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and len(value) > step else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def rows(value: Any, *steps: str | int) -> list[Json]:
    """The objects of the list at the end of the steps; none where there is no list."""
    found = dig(value, *steps)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def in_words(action: str, message: Any) -> str:
    """What a message says, in one line for a person."""
    error = dig(message, "error")
    if error:
        return f"can not: {refusal(message)}"
    teller = TELLERS.get(action)
    return teller(dig(message, "message") or {}) if teller else ""


def refusal(message: Any) -> str:
    """The sentence and the code of an error; the error may stand inside `message`, as some adapters put it."""
    error = dig(message, "error") or dig(message, "message", "error") or {}
    sentence, code = dig(error, "message") or "no reason given", dig(error, "code")
    return f"{sentence} ({code})" if code else str(sentence)


def name_of(thing: Any, fallback: str = "") -> str:
    return str(dig(thing, "descriptor", "name") or dig(thing, "id") or fallback)


def money(price: Any) -> str:
    """`200 USD`, with `about` before an estimate."""
    value, estimate = dig(price, "value"), dig(price, "estimated_value")
    amount = f"{value or estimate or '?'} {dig(price, 'currency') or ''}".strip()
    return amount if value else f"about {amount}"


def due(payment: Any) -> str:
    """`150 USD when power is on`."""
    amount = f"{dig(payment, 'params', 'amount') or '?'} {dig(payment, 'params', 'currency') or ''}".strip()
    return f"{amount} {WHEN_DUE.get(str(dig(payment, 'type')), '')}".strip()


def tag_value(item: Any, code: str) -> str:
    """The value of a tag in any group of an item; empty where it is not."""
    for group in rows(item, "tags"):
        for tag in rows(group, "list"):
            if dig(tag, "descriptor", "code") == code:
                return str(dig(tag, "value") or "")
    return ""


def _search(message: Json) -> str:
    return f"asks for: {dig(message, 'intent', 'descriptor', 'name') or 'anything'}"


def _on_search(message: Json) -> str:
    offers = []
    for provider in rows(message, "catalog", "providers"):
        items = ", ".join(f"{name_of(item)}, {money(dig(item, 'price'))}" for item in rows(provider, "items"))
        offers.append(f"{name_of(provider)} offers {items or 'nothing'}")
    return "; ".join(offers) or "nobody offers this here"


def _select(message: Json) -> str:
    item = dig(message, "order", "items", 0)
    load = tag_value(item, "requested_load_kw")
    return f"chooses {dig(item, 'id')}" + (f" for {load} kW" if load else "")


def _on_select(message: Json) -> str:
    quote = dig(message, "order", "quote")
    lines = ", ".join(f"{dig(line, 'title')} {money(dig(line, 'price'))}" for line in rows(quote, "breakup"))
    return f"quotes {money(dig(quote, 'price'))}" + (f" ({lines})" if lines else "")


def _init(message: Json) -> str:
    address = dig(message, "order", "fulfillments", 0, "stops", 0, "location", "address")
    return f"{dig(message, 'order', 'billing', 'name')}, {address}"


def _on_init(message: Json) -> str:
    order = dig(message, "order")
    asked = ", ".join(map(due, rows(order, "payments")))
    headings = dig(order, "items", 0, "xinput", "head", "headings")
    documents = ", ".join(map(str, headings)) if isinstance(headings, list) else ""
    terms = f"{money(dig(order, 'quote', 'price'))} in all" + (f", {asked}" if asked else "")
    return terms + (f"; documents: {documents}" if documents else "")


def _confirm(message: Json) -> str:
    return f"orders {dig(message, 'order', 'items', 0, 'id')} on these terms"


def _order_state(message: Json) -> str:
    state = dig(message, "order", "fulfillments", 0, "state", "descriptor")
    said = dig(state, "name") or dig(state, "code") or dig(message, "order", "status") or "no state given"
    return f"order {dig(message, 'order', 'id')}: {said}"


def _order_id(message: Json) -> str:
    return f"order {dig(message, 'order_id')}"


def _cancel(message: Json) -> str:
    return f"{_order_id(message)}, reason {dig(message, 'cancellation_reason_id') or 'not given'}"


def _on_cancel(message: Json) -> str:
    order = dig(message, "order")
    lines = ", ".join(f"{dig(line, 'title')} {money(dig(line, 'price'))}" for line in rows(order, "quote", "breakup"))
    return _order_state(message) + (f"; {lines}" if lines else "")


def _on_track(message: Json) -> str:
    place = dig(message, "tracking", "location", "gps")
    return f"see {dig(message, 'tracking', 'url')}" + (f"; the technician is at {place}" if place else "")


def _rating(message: Json) -> str:
    given = rows(message, "ratings")
    return ", ".join(f"{str(dig(one, 'rating_category')).lower()}: {dig(one, 'value')} of 5" for one in given)


def _on_rating(message: Json) -> str:
    return f"thanks; for words there is {dig(message, 'feedback_form', 'form', 'url')}"


def _support(message: Json) -> str:
    phone = dig(message, "support", "callback_phone")
    return f"asks for help with {dig(message, 'support', 'ref_id')}" + (f", to be called at {phone}" if phone else "")


def _on_support(message: Json) -> str:
    return f"call {dig(message, 'support', 'phone')} or write to {dig(message, 'support', 'email')}"


def _cancellation_reasons(message: Json) -> str:
    return "; ".join(f"{dig(one, 'id')}: {name_of(one)}" for one in rows(message, "cancellation_reasons"))


TELLERS: dict[str, Callable[[Json], str]] = {
    "search": _search,
    "on_search": _on_search,
    "select": _select,
    "on_select": _on_select,
    "init": _init,
    "on_init": _on_init,
    "confirm": _confirm,
    "on_confirm": _order_state,
    "on_status": _order_state,
    "on_update": _order_state,
    "cancel": _cancel,
    "on_cancel": _on_cancel,
    "status": _order_id,
    "track": _order_id,
    "on_track": _on_track,
    "rating": _rating,
    "on_rating": _on_rating,
    "support": _support,
    "on_support": _on_support,
    "cancellation_reasons": _cancellation_reasons,
}
