"""How an account stands. Pure: lines of the ledger in, sums and the guide's payment-status out. Money is Decimal."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True)
class Posting:
    """A line of the ledger: its amount (above zero), its kind, and the kind that it undoes where it is a reversal."""

    kind: str
    amount: Decimal
    undoes: str = ""


@dataclass(frozen=True)
class Account:
    """The sums of an order, or of one of its instalments, each net of what was taken back."""

    charged: Decimal = ZERO
    waived: Decimal = ZERO
    received: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def asked(self) -> Decimal:
        """What is to be paid in all: charges less what was waived. A waiver is no money: it never goes below zero."""
        return max(self.charged - self.waived, ZERO)

    @property
    def kept(self) -> Decimal:
        """What came in and stayed."""
        return self.received - self.returned

    @property
    def open(self) -> Decimal:
        """What is still owed; never below zero."""
        return max(self.asked - self.kept, ZERO)

    @property
    def refund_due(self) -> Decimal:
        """What is to be paid back; never below zero."""
        return max(self.kept - self.asked, ZERO)


SUM_OF = {"CHARGE": "charged", "WAIVER": "waived", "PAYMENT": "received", "REFUND": "returned"}


def add_up(postings: Iterable[Posting]) -> Account:
    """The account that the lines make, in whatever order they come."""
    sums = dict.fromkeys(SUM_OF.values(), ZERO)
    for posting in postings:
        undone = posting.kind == "REVERSAL"
        name = SUM_OF[posting.undoes if undone else posting.kind]
        sums[name] += -posting.amount if undone else posting.amount
    return Account(**sums)


def total(accounts: Iterable[Account]) -> Account:
    """The account of the whole order. What was waived counts only up to what it was waived of."""
    parts = list(accounts)
    return Account(
        charged=sum((part.charged for part in parts), ZERO),
        waived=sum((min(part.waived, part.charged) for part in parts), ZERO),
        received=sum((part.received for part in parts), ZERO),
        returned=sum((part.returned for part in parts), ZERO),
    )


def status_of(account: Account, *, told: Decimal, last_attempt_failed: bool = False) -> str:
    """The guide's payment-status of an instalment, by rule. `told` is its amount as the applicant was told it.

    PAID: nothing is open and money or a waiver says so (or nothing was asked). PARTIALLY_PAID: some of it. With no
    money kept: FAILED where the last attempt failed, REFUNDED where it went back, else PENDING.
    """
    if account.kept > 0:
        return "PARTIALLY_PAID" if account.open else "PAID"
    if told == 0 or (account.waived > 0 and not account.open):
        return "PAID"
    if last_attempt_failed:
        return "FAILED"
    return "REFUNDED" if account.returned > 0 else "PENDING"


def share_out(amount: Decimal, wanted: Iterable[Decimal]) -> list[Decimal]:
    """How much of an amount each may have, in their order. What is over goes to the last, so nothing is lost."""
    shares, left = [], amount
    for most in wanted:
        shares.append(min(max(most, ZERO), left))
        left -= shares[-1]
    if shares and left:
        shares[-1] += left
    return shares
