"""What billing adds to the applicant's tracking page: what it costs, what is paid, and what is due when."""

from decimal import Decimal
from typing import Any

from billing.ledger import account_of, accounts_of
from billing.pricing import to_minor_unit
from billing.services import settlement_of
from connections.models import Application
from connections.tracking import name_events, panel
from connections.vocabulary import ApplicationState

name_events(
    {
        "payment.recorded": "Payment received",
        "payment.returned": "Money paid back to you",
        "payment.reversed": "A payment was taken back",
        "paymentreport.reported": "Payment reported, we look for it",
        "paymentreport.rejected": "We did not find the payment that was reported",
        "waiver.approved": "A part of the price was waived",
        "voucher.issued": "Issued: {subject}",
    }
)
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

    account, accounts = account_of(application), accounts_of(application)
    ended = application.fulfillment_state in {ApplicationState.CANCELLED, ApplicationState.FAILED}
    fee = settlement_of(application).fee if ended else Decimal(0)
    due = [(accounts[row.pk].open or row.amount, WHEN[row.type]) for row in application.instalments.all()]
    if application.fulfillment_state != ApplicationState.DRAFT:
        due = [(accounts[row.pk].open, WHEN[row.type]) for row in application.instalments.all()]
    return {
        "lines": [(line.title, say(line.amount)) for line in quote.lines.all()],
        "total": say(quote.total),
        "paid": say(account.kept) if account.kept else "",
        "due": [(say(amount), when) for amount, when in due if amount],
        "fee": say(fee) if fee else "",
        "refund": say(account.refund_due) if account.refund_due else "",
    }
