"""An application as a Beckn order (guide: on_init, on_confirm; published on_status)."""

from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from beckn_adapter.translate.amounts import write_money
from beckn_adapter.translate.catalogue import write_descriptor, write_item, write_quote
from beckn_adapter.translate.context import write_time
from beckn_adapter.translate.endings import write_connection, write_ending
from beckn_adapter.translate.request import Wish
from beckn_adapter.translate.tags import tag_group
from beckn_adapter.translate.taxonomy import STATE_NAMES, write
from beckn_adapter.translate.vouchers import write_vouchers
from billing.ledger import asked_before_the_work, statuses_at_first, statuses_of
from billing.models import Instalment, Quote
from billing.services import quoted_price
from connections.models import Application, Provider
from connections.vocabulary import ENDED_STATES, ApplicationState, PaymentStatus
from connections.worded import Beside
from fieldwork.models import Visit
from fieldwork.tracking import coming

Json = dict[str, Any]
S = ApplicationState
QUOTE, LINES = Beside(Application, "quote"), Beside(Quote, "lines")
INSTALMENTS = Beside(Application, "instalments")
DOCUMENTS, HOLDS = Beside(Application, "documents"), Beside(Application, "holds")
VISITS = Beside(Application, "visits", Visit.objects.select_related("technician"))
ORDER_STATUS = {S.CONNECTION_ESTABLISHED: "COMPLETE", S.CANCELLED: "CANCELLED", S.FAILED: "CANCELLED"}


def write_order(
    application: Application,
    profile: str,
    *,
    state: str | None = None,
    visit: tuple[str, str] | None = None,
    is_new: bool = False,
) -> Json:
    """The whole order. `state` is the fulfilment state to tell: an event's, or the application's own; a draft has none.
    `visit` is the state of a visit and the reason for it, if they are an event's; else those of the visit to come.
    `is_new`: it became an order in this transaction, so nobody has paid and its books are not looked into.

    Everything but state and times is told as it was agreed at init: a buyer app compares message with message.
    """
    state = state or application.fulfillment_state
    read_terms(application)
    if state != S.DRAFT:
        read_progress(application)
    quoted, next_visit = quoted_price(application), coming(application) if state != S.DRAFT else None
    wish = Wish(load_kw=application.requested_load_kw, consumption_kwh=application.monthly_consumption_kwh)
    provider = application.provider
    order: Json = {
        "provider": {"id": provider.code, "descriptor": write_descriptor(provider)},
        "items": [write_item(application.offering, quoted, profile, wish)],
        "billing": _billing(application),
        "fulfillments": [_fulfillment(application, profile, state, next_visit)],
        "quote": write_quote(quoted, valid_days=provider.quote_valid_days, quote_id=quote_id(application)),
        "payments": _payments(application, profile, is_new=is_new),
        "cancellation_terms": _cancellation_terms(provider, profile),
        "created_at": write_time(application.created_at),
        "updated_at": write_time(application.updated_at),
    }
    if state == S.DRAFT:
        return order
    order = {
        "id": application.number,
        "status": write("order-status", ORDER_STATUS.get(S(state), "ACTIVE"), profile),
        **order,
        "tags": [
            _status_tags(application, profile, state, visit or (next_visit.state if next_visit else "", "")),
            *_papers(application, is_new=is_new),
        ],
    }
    if state == S.CONNECTION_ESTABLISHED:
        order["items"][0]["tags"].append(write_connection(application, profile))
    if state in ENDED_STATES:
        order.update(write_ending(application, profile))
    return order


def read_terms(application: Application) -> None:
    """What a draft is told by, each read once."""
    QUOTE(application)
    LINES(application.quote)
    INSTALMENTS(application)


def read_progress(application: Application) -> None:
    """What is told of an order beside that."""
    for read in (DOCUMENTS, HOLDS, VISITS):
        read(application)


def quote_id(application: Application) -> str:
    """Stable from on_init on, and another one when the price changes."""
    quote = application.quote
    return str(uuid5(NAMESPACE_URL, f"quote/{application.pk}/{quote.currency}/{quote.total.normalize():f}"))


def _billing(application: Application) -> Json:
    fields = {
        "name": application.billing_name,
        "email": application.billing_email,
        "phone": application.billing_phone,
        "address": application.billing_address,
        "tax_id": application.tax_id,
    }
    return {name: value for name, value in fields.items() if value}


def _fulfillment(application: Application, profile: str, state: str, next_visit: Visit | None) -> Json:
    provider = application.provider
    fulfillment: Json = {
        "id": provider.onsite_service_id,
        "type": write("fulfillment-type", "ON_SITE", profile),
        "tracking": state not in ENDED_STATES,
        "customer": _customer(application),
        "stops": [{"type": write("stop-type", "END", profile), "location": _location(application)}],
        "contact": _present(phone=provider.support_phone, email=provider.support_email),
    }
    if state != S.DRAFT:
        reached = write_time(_reached_at(application, state))
        fulfillment["state"] = {**_state(state, profile), "updated_at": reached}
        _add_visit(fulfillment, application, next_visit)
    return fulfillment


def _reached_at(application: Application, state: str) -> datetime:
    """When it came to this state (core `FulfillmentState.updated_at`); what is told of it later changes nothing."""
    if state == S.SCHEDULED and application.ordered_at:
        return application.ordered_at
    if state == application.fulfillment_state and application.ended_at:
        return application.ended_at
    event = application.events.filter(kind=f"application.{state.lower()}").order_by("id").first()
    return event.at if event else application.updated_at


def _add_visit(fulfillment: Json, application: Application, next_visit: Visit | None) -> None:
    """Who comes, and when, as soon as each is known (published on_status: agent, stops[0].time)."""
    manned = max((row for row in application.visits.all() if row.technician), key=lambda row: row.pk, default=None)
    visit = next_visit or manned
    agent = (visit and visit.technician) or (manned and manned.technician)
    if agent:
        fulfillment["agent"] = {"person": {"name": agent.name}, "contact": {"phone": agent.phone}}
    if visit and visit.window_start:
        fulfillment["stops"][0]["time"] = {"timestamp": write_time(visit.window_start)}


def _cancellation_terms(provider: Provider, profile: str) -> list[Json]:
    return [
        {
            "fulfillment_state": _state(term.state, profile),
            "reason_required": term.reason_required,
            "cancellation_fee": {"percentage": f"{term.fee_percent.normalize():f}"},
        }
        for term in provider.cancellation_terms.all()
    ]


def _state(state: str, profile: str) -> Json:
    return {"descriptor": {"code": write("fulfillment-state", state, profile), "name": STATE_NAMES[state]}}


def _customer(application: Application) -> Json:
    return {
        "person": {"name": application.applicant_name},
        "contact": _present(phone=application.applicant_phone, email=application.applicant_email),
    }


def _location(application: Application) -> Json:
    return _present(address=application.address, gps=application.position_as_given, area_code=application.postcode)


def _papers(application: Application, *, is_new: bool) -> list[Json]:
    """A new order has a demand note at most, and none where nothing is asked for before the work."""
    return [] if is_new and not asked_before_the_work(application) else write_vouchers(application)


def _payments(application: Application, profile: str, *, is_new: bool) -> list[Json]:
    statuses = statuses_at_first(application) if is_new else statuses_of(application)
    return [_payment(row, statuses[row.pk], profile) for row in application.instalments.all()]


def _payment(row: Instalment, status: PaymentStatus, profile: str) -> Json:
    """Core knows PAID and NOT-PAID only; the guide's finer payment-status goes along as a tag once money moved."""
    settled = "PAID" if status == PaymentStatus.PAID else "NOT_PAID"
    payment: Json = {
        "type": write("payment-type", row.type, profile),
        "collected_by": write("collected-by", row.collected_by, profile),
        "status": write("payment-settled", settled, profile),
        "params": {"amount": write_money(row.amount, row.currency), "currency": row.currency},
    }
    if status != PaymentStatus.PENDING:
        payment["tags"] = [tag_group("payment-details", [("payment-status", write("payment-status", status, profile))])]
    return payment


def _status_tags(application: Application, profile: str, state: str, visit: tuple[str, str]) -> Json:
    documents = [
        (f"document-{row.code}", write("documentation-status", row.state, profile))
        for row in application.documents.all()
    ]
    status = ("connection-status", write("connection-status", application.status_in(state), profile))
    visits = [(code, value) for code, value in zip(("visit-status", "visit-reason"), visit, strict=True) if value]
    return tag_group("connection-progress", [status, *documents, *visits])


def _present(**fields: str) -> Json:
    return {name: value for name, value in fields.items() if value}
