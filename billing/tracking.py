"""What billing adds to the applicant's tracking page: what it costs, what is paid, and what is due when."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch, QuerySet

from billing.ledger import account_of, accounts_of, asked_before_the_work, by_due_date
from billing.models import Entry, Voucher
from billing.models.voucher import VoucherKind
from billing.papers.links import paper_path, pdf_path
from billing.pricing import in_words
from billing.services import settlement_of
from connections.models import Application
from connections.promises import Wait, reads, say_day, waits_for_applicant
from connections.tracking import name_events, panel
from connections.vocabulary import BEFORE_THE_WORK, ENDED_STATES, ApplicationState, EntryKind

PAPERS, SETTLING = "papers_that_ask", "entries_that_settle"


def papers_that_ask(papers: QuerySet[Voucher]) -> QuerySet[Voucher]:
    """Those with a date to pay by, the oldest first, without what they say."""
    return papers.filter(due_on__isnull=False).order_by("id").only("application_id", "kind", "due_on")


def entries_that_settle(entries: QuerySet[Entry]) -> QuerySet[Entry]:
    return entries.filter(kind__in=[EntryKind.PAYMENT, EntryKind.WAIVER]).order_by("id")


reads(
    "instalments",
    Prefetch("vouchers", papers_that_ask(Voucher.objects.all()), to_attr=PAPERS),
    Prefetch("entries", entries_that_settle(Entry.objects.all()), to_attr=SETTLING),
)
name_events(
    {
        "payment.recorded": "Payment received: {subject}",
        "payment.returned": "Paid back to you: {subject}",
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
OVER = {*ENDED_STATES, ApplicationState.CONNECTION_ESTABLISHED}


@panel(20, "billing/tracking_money.html")
def the_money(application: Application) -> dict[str, Any]:
    """The quote's lines and total, what came in, what is open and how to pay it, what goes back, and the papers."""
    quote = getattr(application, "quote", None)
    if quote is None:
        return {}
    account, ended = account_of(application), application.fulfillment_state in ENDED_STATES
    due = what_is_due(application)
    return {
        "lines": [(line.title, in_words(line.amount, quote.currency)) for line in quote.lines.all()],
        "total": in_words(quote.total, quote.currency),
        "paid": in_words(account.kept, quote.currency) if account.kept else "",
        "waived": in_words(account.waived, quote.currency) if account.waived else "",
        "due": due,
        "how": application.provider.payment_instructions if due else "",
        "fee": in_words(settlement_of(application).fee, quote.currency) if ended and account.charged else "",
        "refund": in_words(account.refund_due, quote.currency) if account.refund_due else "",
        "is_settled": account.asked > 0 and not account.open and not account.refund_due,
        "ended": ended,
        "papers": papers_of(application),
    }


def what_is_due(application: Application) -> list[dict[str, str]]:
    """What is open as it falls due: `amount`, `when` (a moment of the order) and `by` (a date)."""
    currency, state = application.quote.currency, application.fulfillment_state
    if state in ENDED_STATES:
        fee = account_of(application).open
        rows = [(fee, "for the cancellation", "")] if fee else []
    elif state == ApplicationState.DRAFT:
        rows = [(row.amount, WHEN[row.type], row.type) for row in by_due_date(application)]
    else:
        accounts = accounts_of(application)
        rows = [(accounts[row.pk].open, WHEN[row.type], row.type) for row in by_due_date(application)]
    return [
        {"amount": in_words(amount, currency), "when": when, "by": pay_by(application, type)}
        for amount, when, type in rows
        if amount
    ]


def pay_by(application: Application, type: str) -> str:
    """The date on the paper that asks for an instalment of this type: `Friday 22 May`; "" where none asks yet."""
    asks = {VoucherKind.INVOICE, VoucherKind.DEMAND_NOTE} if type in BEFORE_THE_WORK else {VoucherKind.INVOICE}
    papers = getattr(application, PAPERS, None)
    if papers is None:
        papers = papers_that_ask(application.vouchers.all())
    days = [paper.due_on for paper in papers if paper.due_on and paper.kind in asks]
    return say_day(days[-1]) if days else ""


def papers_of(application: Application) -> list[dict[str, str]]:
    """Every paper that was issued, the newest first, with its page and its file."""
    return [
        {
            "title": f"{paper.get_kind_display()} {paper.number}",
            "amount": paper.amount,
            "address": paper_path(paper),
            "pdf": pdf_path(paper),
        }
        for paper in application.vouchers.order_by("-id")
    ]


@waits_for_applicant
def money_that_holds_it_up(application: Application) -> Iterator[Wait]:
    """What is due before the work holds up the approval; at the end, whatever is still open is the applicant's."""
    state = application.fulfillment_state
    if state == ApplicationState.ASSESSMENT_COMPLETED:
        yield from _early_money(application)
    elif state in OVER and (account := account_of(application)).open:
        yield Wait(_asked_for(application, account.open, application.quote.currency), application.updated_at)


def _early_money(application: Application) -> Iterator[Wait]:
    early = asked_before_the_work(application)
    if not early:
        return
    began = application.ordered_at or application.created_at
    still_open = sum((max(row.balance, Decimal(0)) for row in early), Decimal(0))
    if still_open:
        yield Wait(_asked_for(application, still_open, early[0].currency, early[0].type), began)
    elif last := _last_settled(application, {row.pk for row in early}):
        yield Wait(_asked_for(application, still_open, early[0].currency), began, last)


def _last_settled(application: Application, instalments: set[int]) -> datetime | None:
    """When something last came in or was waived for one of these."""
    entries = getattr(application, SETTLING, None)
    if entries is None:
        entries = entries_that_settle(application.entries.all())
    return max((entry.at for entry in entries if entry.instalment_id in instalments), default=None)


def _asked_for(application: Application, amount: Decimal, currency: str, type: str = "") -> str:
    by = pay_by(application, type)
    return f"Pay {in_words(amount, currency)}{f' by {by}' if by else ''}."
