"""Payments that a buyer app reports, at confirm or by update: `status` PAID, and `params.transaction_id` if it has one.

A report is no money: staff match it with what came in (Generic guide: payments collected by the BAP).
"""

from collections.abc import Iterator
from typing import Any

from beckn_adapter.translate.amounts import read_money
from beckn_adapter.translate.request import ORDER
from beckn_adapter.translate.taxonomy import read
from billing.ledger import statuses_of
from billing.models import Instalment
from billing.payments import report_payment
from connections.actors import Actor
from connections.models import Application
from connections.vocabulary import PaymentStatus

Json = dict[str, Any]


def note_payments(order: Json, application: Application, *, actor: Actor) -> None:
    """Record as reported what the order says was paid; what we know already is left as it is."""
    for n, said, asked in _said_to_be_paid(order, application):
        _note(said.get("params") or {}, asked, f"{ORDER}/payments/{n}/params/amount", actor)


def unknown_payments(order: Json, application: Application) -> Iterator[str]:
    """Where the order says PAID of an instalment that is not, as far as we know."""
    said_to_be_paid = list(_said_to_be_paid(order, application))
    statuses = statuses_of(application) if said_to_be_paid else {}
    for n, _, asked in said_to_be_paid:
        if statuses[asked.pk] != PaymentStatus.PAID:
            yield f"{ORDER}/payments/{n}/status"


def _said_to_be_paid(order: Json, application: Application) -> Iterator[tuple[int, Json, Instalment]]:
    for n, (said, asked) in enumerate(zip(order.get("payments") or [], application.instalments.all(), strict=False)):
        if read("payment-settled", str(said.get("status") or "")) == "PAID":
            yield n, said, asked


def _note(params: Json, asked: Instalment, path: str, actor: Actor) -> None:
    amount = (
        read_money(params["amount"], asked.currency, path, what="The amount") if "amount" in params else asked.amount
    )
    reference = str(params.get("transaction_id") or "").strip()
    if amount:
        report_payment(asked, amount=amount, actor=actor, reference=reference)
