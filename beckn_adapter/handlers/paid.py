"""Payments that a buyer app reports, at confirm or by update: `status` PAID, and `params.transaction_id` if it has one.

A report is no money: staff match it with what came in (Generic guide: payments collected by the BAP).
"""

from typing import Any

from beckn_adapter.translate.amounts import read_money
from beckn_adapter.translate.request import ORDER
from beckn_adapter.translate.taxonomy import read
from billing.models import Instalment
from billing.payments import report_payment
from connections.actors import Actor
from connections.models import Application

Json = dict[str, Any]


def note_payments(order: Json, application: Application, *, actor: Actor) -> None:
    """Record as reported what the order says was paid; what we know already is left as it is."""
    for n, (said, asked) in enumerate(zip(order.get("payments") or [], application.instalments.all(), strict=False)):
        if read("payment-settled", str(said.get("status") or "")) == "PAID":
            _note(said.get("params") or {}, asked, f"{ORDER}/payments/{n}/params/amount", actor)


def _note(params: Json, asked: Instalment, path: str, actor: Actor) -> None:
    amount = (
        read_money(params["amount"], asked.currency, path, what="The amount") if "amount" in params else asked.amount
    )
    reference = str(params.get("transaction_id") or "").strip()
    if amount:
        report_payment(asked, amount=amount, actor=actor, reference=reference)
