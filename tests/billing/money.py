"""What the tests of the desk's money share: orders that owe, and what is typed at the cashier's."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from billing.models import Instalment, Payment, PaymentReport, Waiver
from billing.payments import ask_waiver, record_payment, report_payment
from connections.actors import Actor
from connections.models import Application
from connections.vocabulary import ApplicationState as S
from tests.factories import SYSTEM, application_in, offering, staff

CASHIER = "/admin/billing/payment/cashier/"
REFUNDS = "/admin/billing/payment/refunds/"
DEPOSIT = (
    {"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": Decimal(50)},
    {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": Decimal(150)},
)


def order(state: str = S.SCHEDULED, **asked: Any) -> Application:
    """Owes 50 before the work and 150 when the power is on."""
    if "offering" not in asked:
        known = Application.objects.first()
        asked["offering"] = known.offering if known else offering(terms=DEPOSIT)
    return application_in(state, **asked)


def paid(of: Application, amount: str, **more: Any) -> Payment:
    return record_payment(of, amount=Decimal(amount), actor=more.pop("actor", SYSTEM), **more)


def typed(**changes: Any) -> dict[str, Any]:
    return {"amount": "50.00", "method": "CASH", "reference": "", "key": str(uuid4()), **changes}


def at_the_cashier(of: Application) -> str:
    return reverse("admin:billing_cashier_order", args=[of.pk])


def refund_page(of: Application) -> str:
    return reverse("admin:billing_refund", args=[of.pk])


def text_of(client: Client, address: str, **query: Any) -> str:
    response = client.get(address, query, follow=True)
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def errors_in(response: Any) -> list[str]:
    return [error for errors in response.context["form"].errors.values() for error in errors]


def report(of: Application | None = None, reference: str = "UPI-1") -> PaymentReport:
    """A buyer app says that the deposit of 50 was paid."""
    early = (of or order()).instalments.all()[0]
    made = report_payment(early, amount=Decimal(50), reference=reference, actor=Actor.buyer_app("bap.example"))
    assert made
    return made


def early_of(of: Application) -> Instalment:
    first: Instalment = of.instalments.all()[0]
    return first


def asked_by(user: Any) -> Waiver:
    return ask_waiver(early_of(order()), amount=Decimal(50), reason="Flooded street", actor=Actor.staff(user))


def decider() -> Any:
    return staff("billing.view_waiver", "billing.approve_waiver", "billing.add_waiver")
