"""What billing adds to the life of an application."""

from typing import Any

from django.db.models import prefetch_related_objects

from billing.ledger import accounts_of, add_entry, asked_before_the_work, statuses_of
from billing.models import ReportState, Waiver
from billing.pricing import in_words
from billing.services import charge_order, charge_the_rest, quote_application, settle
from billing.vouchers import issue_demand_note, issue_invoice, issue_receipt
from connections.actors import Actor
from connections.lifecycle import Refused, consequence, guard
from connections.models import Application, Event
from connections.vocabulary import BEFORE_THE_WORK, EntryKind, PaymentStatus


@consequence("application.opened")
@consequence("application.revised")
def tell_the_price(application: Application, event: Event, actor: Actor) -> None:
    quote_application(application, actor=actor, is_first=event.kind == "application.opened")


@consequence("application.scheduled")
def ask_for_the_money(application: Application, event: Event, actor: Actor) -> None:
    prefetch_related_objects([application], "instalments")  # asked for here and in what follows, and left as they are
    charge_order(application, actor=actor)
    ask_before_the_work(application, actor)


@consequence("application.amended")
def tell_the_new_price(application: Application, event: Event, actor: Actor) -> None:
    if "requested_load_kw" in event.data:
        quote_application(application, actor=actor)
        ask_before_the_work(application, actor)


def ask_before_the_work(application: Application, actor: Actor) -> None:
    """A demand note where money is to be paid before the work begins."""
    early = asked_before_the_work(application)
    statuses = statuses_of(application) if early else {}
    if any(statuses[row.pk] != PaymentStatus.PAID for row in early):
        issue_demand_note(application, actor=actor)


@consequence("application.connection_established")
def send_the_invoice(application: Application, event: Event, actor: Actor) -> None:
    charge_the_rest(application, actor=actor)
    issue_invoice(application, actor=actor)


@consequence("application.cancelled")
@consequence("application.failed")
def settle_what_ended(application: Application, event: Event, actor: Actor) -> None:
    """Applicants who cancel owe the fee of the state that they left; whom the utility turns away owes nothing."""
    asked_for = actor.kind == "buyer_app" or bool(event.data.get("asked_by_applicant"))
    by_applicant = event.kind == "application.cancelled" and asked_for
    settle(application, at_state=event.data["came_from"], by_applicant=by_applicant, actor=actor)
    issue_invoice(application, actor=actor)


@consequence("payment.recorded")
@consequence("payment.returned")
def confirm_it_on_paper(payment: Any, event: Event, actor: Actor) -> None:
    issue_receipt(payment, actor=actor)


@guard("application", "approve")
def what_is_due_before_the_work_is_paid(application: Application, **_: Any) -> None:
    statuses = statuses_of(application)
    early = application.instalments.filter(type__in=BEFORE_THE_WORK)
    owed = [row for row in early if statuses[row.pk] != PaymentStatus.PAID]
    if not owed:
        return
    reported = application.payment_reports.filter(state=ReportState.REPORTED).exists()
    hint = " A payment was reported that is not matched yet." if reported else ""
    raise Refused("payment_open", f"Not paid yet: {'; '.join(map(str, owed))}.{hint}")


# --- Four eyes ------------------------------------------------------------------------------------------------------


@guard("waiver", "approve")
def another_person_decides(waiver: Waiver, *, by: int, **_: Any) -> None:
    if by == waiver.asked_by_id:
        raise Refused("four_eyes", "Whoever asked for the waiver can not approve it: ask somebody else.")


@guard("waiver", "approve")
def there_is_so_much_to_waive(waiver: Waiver, **_: Any) -> None:
    still_open = accounts_of(waiver.application)[waiver.instalment_id].open
    if waiver.amount > still_open:
        words = in_words(still_open, waiver.currency)
        raise Refused("too_much", f"Only {words} is still open of this instalment.")


@guard("waiver", "refuse")
@guard("paymentreport", "reject")
def a_reason_is_given(thing: Any, *, reason: str = "", **_: Any) -> None:
    if not reason.strip():
        raise Refused("reason_missing", "Say why: whoever asked will read it.")


@consequence("waiver.approved")
def forgo_it(waiver: Waiver, event: Event, actor: Actor) -> None:
    add_entry(
        waiver.application,
        EntryKind.WAIVER,
        waiver.amount,
        actor=actor,
        title=f"{waiver.instalment}, waived",
        instalment=waiver.instalment,
    )
