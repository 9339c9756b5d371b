"""What billing adds to the life of an application."""

from typing import Any

from billing.services import payment_status, preview_settlement, quote_application
from connections.actors import Actor
from connections.lifecycle import Refused, consequence, guard
from connections.models import Application, Event
from connections.vocabulary import PaymentStatus, PaymentType


@consequence("application.opened")
@consequence("application.revised")
def tell_the_price(application: Application, event: Event, actor: Actor) -> None:
    quote_application(application)


@consequence("application.amended")
def tell_the_new_price(application: Application, event: Event, actor: Actor) -> None:
    if "requested_load_kw" in event.data:
        quote_application(application)


@consequence("application.cancelled")
@consequence("application.failed")
def settle(application: Application, event: Event, actor: Actor) -> None:
    """Applicants who cancel owe the fee of the state that they left; whom the utility turns away owes nothing."""
    by_applicant = event.kind == "application.cancelled" and actor.kind == "buyer_app"
    preview_settlement(application, at_state=event.data["came_from"], by_applicant=by_applicant).save()


@guard("application", "approve")
def what_is_due_before_the_work_is_paid(application: Application, **_: Any) -> None:
    early = application.instalments.filter(type__in=[PaymentType.PRE_ORDER, PaymentType.PRE_FULFILLMENT])
    owed = [instalment for instalment in early if payment_status(instalment) != PaymentStatus.PAID]
    if owed:
        raise Refused("payment_open", f"Not paid yet: {'; '.join(map(str, owed))}.")
