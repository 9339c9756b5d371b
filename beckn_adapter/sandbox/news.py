"""What is new in an order since it was told last, in a person's words. Pure."""

from collections.abc import Iterator

from beckn_adapter.sandbox.reading import Json, dig, due, money, rows, tag_value

NOTHING = "nothing else is new"
PAPERS = {"demand-note": "demand note", "invoice": "invoice"}


def news(before: Json, now: Json) -> str:
    """`wiring diagram is rejected, the connection is on hold`."""
    known = set(facts(before))
    return ", ".join(fact for fact in facts(now) if fact not in known) or NOTHING


def facts(order: Json) -> Iterator[str]:
    """Everything about an order that may change while it is under way."""
    for code, value in _progress(order):
        if code.startswith("document-"):
            yield f"{code.removeprefix('document-').replace('-', ' ')} is {value}"
        elif code == "visit-status":
            yield f"the visit is {value}"
        elif code == "visit-reason":
            yield f"because: {value}"
        elif code == "connection-status":
            yield f"the connection is {value}"
    fulfillment = dig(order, "fulfillments", 0)
    if agent := dig(fulfillment, "agent", "person", "name"):
        yield f"{agent} comes"
    if moment := dig(fulfillment, "stops", 0, "time", "timestamp"):
        yield f"the visit is on {moment}"
    for payment in rows(order, "payments"):
        yield f"{due(payment)} is {'paid' if payment.get('status') == 'PAID' else 'not paid yet'}"
    yield from _papers(order)
    item = dig(order, "items", 0)
    if meter := tag_value(item, "meter_id"):
        yield f"meter {meter}, consumer number {tag_value(item, 'consumer_number')}"
    if order.get("cancellation"):
        yield f"settled with {money(dig(order, 'quote', 'price'))}"


def _papers(order: Json) -> Iterator[str]:
    """`demand note DN-2026-000001 asks for 50 USD by 2026-05-26`."""
    for group in rows(order, "tags"):
        code = str(dig(group, "descriptor", "code"))
        if code in PAPERS:
            told = {str(dig(tag, "descriptor", "code")): str(tag.get("value")) for tag in rows(group, "list")}
            by = f" by {told['due-date']}" if "due-date" in told else ""
            asks = f"asks for {told.get('amount-due', '?')} {told.get('currency', '')}{by}"
            yield f"{PAPERS[code]} {told.get('number', '?')} {asks}"


def _progress(order: Json) -> Iterator[tuple[str, str]]:
    for group in rows(order, "tags"):
        for tag in rows(group, "list"):
            yield str(dig(tag, "descriptor", "code")), str(tag.get("value")).replace("_", " ").lower()
