"""What billing adds to the applicant's tracking page: what it costs, what is paid, and what is due when."""

from decimal import Decimal
from typing import Any

from billing.pricing import to_minor_unit
from billing.services import paid
from connections.models import Application
from connections.tracking import name_events, panel
from connections.vocabulary import OPEN_STATES, ApplicationState

name_events({"payment.recorded": "Payment received"})
WHEN = {
    "PRE_ORDER": "with the order",
    "PRE_FULFILLMENT": "before the work begins",
    "ON_FULFILLMENT": "when the power is on",
    "POST_FULFILLMENT": "by invoice afterwards",
}


@panel(20, "billing/tracking_money.html")
def the_money(application: Application) -> dict[str, Any]:
    """The quote's lines and total, what came in, and the open instalments; after an end, how it was settled."""
    quote = getattr(application, "quote", None)
    if quote is None:
        return {}

    def say(amount: Decimal) -> str:
        return f"{to_minor_unit(amount, quote.currency):,f} {quote.currency}"

    instalments = [(row, row.amount - paid(row)) for row in application.instalments.all()]
    received = sum((paid(row) for row, _ in instalments), Decimal(0))
    settlement = getattr(application, "settlement", None)
    is_open = application.fulfillment_state in {*OPEN_STATES, ApplicationState.CONNECTION_ESTABLISHED}
    return {
        "lines": [(line.title, say(line.amount)) for line in quote.lines.all()],
        "total": say(quote.total),
        "paid": say(received) if received else "",
        "due": [(say(left), WHEN[row.type]) for row, left in instalments if left > 0] if is_open else [],
        "fee": say(settlement.fee) if settlement else "",
        "refund": say(-settlement.due) if settlement and settlement.due < 0 else "",
    }
