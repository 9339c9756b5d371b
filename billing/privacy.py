"""What billing holds of a person: handed out whole. What was charged and paid stays, for these are the books; whom a
paper names and why something was waived goes."""

from typing import Any

from billing.ledger import account_of
from billing.models import QuoteLine
from billing.pricing import in_words
from billing.services import still_owed
from connections.lifecycle import Refused, guard
from connections.models import Application
from connections.privacy.own import ERASED
from connections.privacy.rooms import Part, erases, exports, rows_of


@exports("money")
def money_rows(application: Application) -> Any:
    return {
        "quote": {"valid_until": application.quote.valid_until, "currency": application.quote.currency},
        "quote_lines": rows_of(QuoteLine.objects.filter(quote__application=application)),
        "instalments": rows_of(application.instalments.all()),
        "ledger": rows_of(application.entries.all()),
        "payments": rows_of(application.payments.all()),
        "reported": rows_of(application.payment_reports.all()),
        "waivers": rows_of(application.waivers.all()),
        "papers": rows_of(application.vouchers.all(), "code"),
    }


@erases(Part.PERSON)
def erase_whom_the_papers_name(application: Application) -> int:
    waivers = application.waivers.update(reason=ERASED, refusal="")
    return waivers + application.vouchers.update(addressee={"name": ERASED})


@guard("application", "erase")
def nobody_is_erased_before_the_money_is_settled(application: Application, **_: Any) -> None:
    currency, owed = application.quote.currency, still_owed(application)
    if owed > 0:
        raise Refused("money_owed", f"{in_words(owed, currency)} is still owed for {application.number}.")
    due_back = account_of(application).refund_due
    if due_back > 0:
        raise Refused(
            "refund_due", f"{in_words(due_back, currency)} is still to be paid back for {application.number}."
        )
