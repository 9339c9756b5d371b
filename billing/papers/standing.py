"""How a paper stands by now. The paper itself never changes; this is said beside it."""

from collections.abc import Sequence
from typing import NamedTuple

from django.db.models import Max

from billing.accounts import Account, total
from billing.ledger import accounts_of_all, payments_that_count
from billing.models import Voucher
from billing.models.voucher import VoucherKind
from billing.papers.sheet import say_money

BILLS = (VoucherKind.DEMAND_NOTE, VoucherKind.INVOICE)


class Standing(NamedTuple):
    """In words, with the tone of a badge (good, warn, bad or none)."""

    words: str
    tone: str = ""


def standing_of(voucher: Voucher) -> Standing:
    """How one issued paper stands."""
    return standings([voucher])[voucher.pk]


def standings(vouchers: Sequence[Voucher]) -> dict[int, Standing]:
    """How issued papers stand, by their ids, with four queries however many they are."""
    bills = {voucher.application_id for voucher in vouchers if voucher.kind in BILLS}
    accounts = accounts_of_all(bills)
    rows = Voucher.objects.filter(application__in=bills, kind__in=BILLS).order_by().values_list("application")
    latest = dict(rows.annotate(Max("pk")))
    counting = payments_that_count({voucher.payment_id for voucher in vouchers if voucher.payment_id})
    return {
        voucher.pk: _of_bill(voucher, accounts[voucher.application_id], latest[voucher.application_id])
        if voucher.kind in BILLS
        else _of_receipt(is_taken_back=voucher.payment_id not in counting)
        for voucher in vouchers
    }


def _of_bill(bill: Voucher, accounts: dict[int | None, Account], latest: int) -> Standing:
    """A demand note is about the instalments that it names, an invoice about the order."""
    named = bill.content["instalments"] if bill.kind == VoucherKind.DEMAND_NOTE else accounts
    account = total(accounts[key] for key in named if key in accounts)
    if not bill.total:
        return Standing("Nothing to be paid")
    if not account.open:
        return Standing("Paid", "good") if account.asked else Standing("Not asked for any more")
    if bill.pk != latest:
        return Standing("Not paid, and asked for again on a later paper", "warn")
    so_far = "Paid in part" if account.kept else "Not paid"
    return Standing(f"{so_far}, {say_money(account.open, bill.currency)} is open", "warn")


def _of_receipt(*, is_taken_back: bool) -> Standing:
    return Standing("Taken back later: the payment does not count", "bad") if is_taken_back else Standing("")
