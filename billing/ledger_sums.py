"""The sums of the ledger, for backups to write down and restores to prove."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from billing.accounts import Account, Posting, add_up, total
from billing.models import Entry
from connections.safekeeping.inventory import sums_of

SUMS = ("charged", "waived", "received", "returned", "open", "refund_due")


@sums_of("ledger")
def ledger_sums() -> dict[str, Any]:
    """For each currency the entries, and what all orders together were charged, waived, owe ... (amounts as text)."""
    slots: dict[tuple[str, int], dict[int | None, list[Posting]]] = defaultdict(lambda: defaultdict(list))
    rows = Entry.objects.values_list("currency", "application", "instalment", "kind", "amount", "reverses__kind")
    for currency, order, instalment, kind, amount, undoes in rows.iterator():
        slots[currency, order][instalment].append(Posting(kind, amount, undoes or ""))
    orders: dict[str, list[Account]] = defaultdict(list)
    for (currency, _), parts in slots.items():
        orders[currency].append(total(add_up(postings) for postings in parts.values()))
    return {currency: {"orders": len(accounts), **_sums(accounts)} for currency, accounts in orders.items()}


def _sums(accounts: list[Account]) -> dict[str, str]:
    sums = {name: sum((getattr(account, name) for account in accounts), Decimal(0)) for name in SUMS}
    return {name: f"{amount:f}" for name, amount in sums.items()}
