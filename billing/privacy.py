"""What billing holds of a person: handed out whole, and kept whole, for these are the books."""

from typing import Any

from billing.models import Payment, Quote, QuoteLine, Settlement
from billing.services import still_owed
from connections.lifecycle import Refused, guard
from connections.models import Application
from connections.privacy.rooms import exports, rows_of


@exports("money")
def money_rows(application: Application) -> Any:
    return {
        "quote": rows_of(Quote.objects.filter(application=application)),
        "quote_lines": rows_of(QuoteLine.objects.filter(quote__application=application)),
        "instalments": rows_of(application.instalments.all()),
        "payments": rows_of(Payment.objects.filter(instalment__application=application)),
        "settlement": rows_of(Settlement.objects.filter(application=application)),
    }


@guard("application", "erase")
def nobody_is_erased_who_owes(application: Application, **_: Any) -> None:
    owed = still_owed(application)
    if owed > 0:
        raise Refused("money_owed", f"{owed.normalize():f} are still owed for {application.number}.")
