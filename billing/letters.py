"""What applicants are written about money: what is asked for, what came in, what goes back."""

from decimal import Decimal

from billing.ledger import account_of
from billing.models.voucher import VoucherKind
from billing.papers.links import paper_path
from billing.pricing import in_words
from billing.tracking import what_is_due
from connections.letters import Said, added_to, mailed, not_mailed
from connections.models import Application, Event

not_mailed(
    {
        "paymentreport.reported": "what was reported is looked for first",
        "paymentreport.matched": "told as the payment that it is",
        "waiver.asked": "a question among staff",
        "waiver.refused": "nothing changes for the applicant",
    }
)


@mailed("payment.recorded", weight=40)
def payment_received(application: Application, event: Event) -> Said:
    headline = f"We have received your payment of {_amount(application, event)}"
    return Said(headline, (_now(application),), _reference(event), _proof(application, event, "See the receipt"))


@mailed("payment.returned", weight=45)
def money_returned(application: Application, event: Event) -> Said:
    words = "How long it takes until you see it depends on your bank."
    headline = f"We have paid {_amount(application, event)} back to you"
    return Said(headline, (words,), _reference(event), _proof(application, event, "See the refund note"))


@mailed("payment.reversed", weight=45, minutes=2)
def payment_taken_back(application: Application, event: Event) -> Said:
    reason = str(event.data.get("reason") or "")
    words = (*([reason] if reason else []), _now(application))
    return Said("A payment was taken back", words)


@mailed("paymentreport.rejected", weight=45, minutes=2)
def payment_not_found(application: Application, event: Event) -> Said:
    reason = str(event.data.get("reason") or "")
    return Said("We did not find the payment that was reported", (*([reason] if reason else []), _now(application)))


@mailed("waiver.approved", weight=30, minutes=2)
def part_waived(application: Application, event: Event) -> Said:
    return Said("A part of the price was waived", (_now(application),))


@mailed("voucher.issued", weight=35)
def demand_note(application: Application, event: Event) -> Said | None:
    """A demand note asks for money while it is still open; an invoice goes with the power, or the end."""
    paper = application.vouchers.filter(number=event.data.get("number"), kind=VoucherKind.DEMAND_NOTE).first()
    due = what_is_due(application)
    if paper is None or not account_of(application).open or not due:
        return None
    facts = tuple((_due_words(row), row["amount"]) for row in due)
    how = application.provider.payment_instructions
    return Said(f"Please pay {paper.amount}", (how,) if how else (), facts, ("See the demand note", paper_path(paper)))


@added_to("application.connection_established")
def the_bill(application: Application) -> Said | None:
    """The invoice, and what of it is still to be paid."""
    paper = application.vouchers.filter(kind=VoucherKind.INVOICE).last()
    if paper is None:
        return None
    due = what_is_due(application)
    facts = (("Invoice", f"{paper.number}, {paper.amount}"), *[(_due_words(row), row["amount"]) for row in due])
    how = application.provider.payment_instructions
    return Said("", (how,) if how and due else (), facts, ("See the invoice", paper_path(paper)))


@added_to("application.cancelled", "application.failed")
def what_comes_back(application: Application) -> Said | None:
    """How an order that ended was settled, in words."""
    if getattr(application, "quote", None) is None:
        return None
    account, currency = account_of(application), application.quote.currency
    words = []
    if account.charged:
        words.append(f"The cancellation fee is {in_words(account.charged, currency)}.")
    if account.refund_due:
        words.append(f"You get {in_words(account.refund_due, currency)} back.")
    if account.open:
        words.append(f"Still to be paid: {in_words(account.open, currency)}.")
    bill = application.vouchers.filter(kind=VoucherKind.INVOICE).last()
    action = ("See the invoice", paper_path(bill)) if bill else None
    return Said("", (" ".join(words or ["Nothing is to be paid."]),), action=action)


def _amount(application: Application, event: Event) -> str:
    return in_words(Decimal(event.data["amount"]), application.quote.currency)


def _now(application: Application) -> str:
    """How the account stands: what is open, what goes back, or that all is paid."""
    account, currency = account_of(application), application.quote.currency
    if account.open:
        return f"Still to be paid: {in_words(account.open, currency)}."
    if account.refund_due:
        return f"You get {in_words(account.refund_due, currency)} back."
    return "Nothing more is due."


def _reference(event: Event) -> tuple[tuple[str, str], ...]:
    reference = str(event.data.get("reference") or "")
    return (("Reference", reference),) if reference else ()


def _due_words(row: dict[str, str]) -> str:
    return f"Due {row['when']}{', by ' + row['by'] if row['by'] else ''}"


def _proof(application: Application, event: Event, words: str) -> tuple[str, str] | None:
    """The receipt or the refund note of a payment: issued with its event, before anything else of this order."""
    paper = application.vouchers.exclude(payment=None).filter(issued_at__gte=event.at).first()
    return (words, paper_path(paper)) if paper else None
