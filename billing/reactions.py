"""What billing adds to the life of an application."""

from typing import Any

from billing.services import payment_status, quote_application
from connections.actors import Actor
from connections.lifecycle import Refused, consequence, guard
from connections.models import Application, Event
from connections.vocabulary import PaymentStatus, PaymentType


@consequence("application.opened")
@consequence("application.revised")
def tell_the_price(application: Application, event: Event, actor: Actor) -> None:
    quote_application(application)


@guard("application", "approve")
def what_is_due_before_the_work_is_paid(application: Application, **_: Any) -> None:
    early = application.instalments.filter(type__in=[PaymentType.PRE_ORDER, PaymentType.PRE_FULFILLMENT])
    owed = [instalment for instalment in early if payment_status(instalment) != PaymentStatus.PAID]
    if owed:
        raise Refused("payment_open", f"Not paid yet: {'; '.join(map(str, owed))}.")
