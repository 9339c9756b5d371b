"""rating → on_rating, support → on_support, and what can be rated (core `Rating`, `Support`)."""

from decimal import Decimal, InvalidOperation
from typing import Any

from django.conf import settings

from beckn_adapter.errors import (
    INVALID_RATING_VALUE,
    ORDER_NOT_FOUND,
    RATED_ENTITY_NOT_FOUND,
    SUPPORT_UNAVAILABLE,
    UNSUPPORTED_RATING_CATEGORY,
    BecknError,
)
from beckn_adapter.handlers.lookup import find_order, find_transaction
from beckn_adapter.models import Message
from beckn_adapter.translate.request import EMAIL, PHONE, check_text
from beckn_adapter.translate.taxonomy import squash
from connections.actors import Actor
from connections.models import Application, Feedback, Provider
from connections.vocabulary import ApplicationState
from connections.voices import ask_for_support, give_feedback
from fieldwork.models import VisitState
from fieldwork.services import rate_visit

Json = dict[str, Any]
CATEGORIES = {squash(category.value): category for category in Feedback.Category}


def rating(row: Message, request: Json) -> Json:
    """Keep the ratings of one order, all or none, and offer the form for words."""
    application = _rated_order(row, request["message"]["ratings"])
    for n, said in enumerate(request["message"]["ratings"]):
        _rate(application, said, f"/message/ratings/{n}", Actor.buyer_app(row.bap_id))
    url = f"{settings.PUBLIC_URL}/track/{application.tracking_id}/feedback/"
    return {"feedback_form": {"form": {"url": url, "mime_type": "text/html"}, "required": False}}


def _rated_order(row: Message, ratings: list[Json]) -> Application:
    """The transaction's order; of a transaction that is about none, the sender's own that the first rating names."""
    application = find_transaction(row) or find_order(row, str(ratings[0].get("id") or ""), "/message/ratings/0/id")
    if application.fulfillment_state == ApplicationState.DRAFT:
        raise BecknError(ORDER_NOT_FOUND, "This transaction has no order to rate.", "/context/transaction_id")
    return application


def _rate(application: Application, said: Json, path: str, actor: Actor) -> None:
    category = CATEGORIES.get(squash(said.get("rating_category") or ""))
    if category is None:
        known = ", ".join(Feedback.Category.values)
        raise BecknError(UNSUPPORTED_RATING_CATEGORY, f"These can be rated: {known}.", f"{path}/rating_category")
    if str(said.get("id") or "") not in _ids(application, category):
        raise BecknError(RATED_ENTITY_NOT_FOUND, f"The order has no such {category.value.lower()}.", f"{path}/id")
    value = read_value(said.get("value"), f"{path}/value")
    give_feedback(application, category=category, value=value, actor=actor)
    if category == Feedback.Category.AGENT:
        visit = application.visits.filter(state=VisitState.COMPLETED).last()
        if visit:
            rate_visit(visit, value=value, actor=actor)


def _ids(application: Application, category: Feedback.Category) -> set[str]:
    """Under which ids the thing may be rated; the order's own id always names the order's one thing of a kind."""
    own = {
        Feedback.Category.ITEM: {application.offering.code},
        Feedback.Category.FULFILLMENT: {application.provider.onsite_service_id},
        Feedback.Category.PROVIDER: {application.provider.code},
        Feedback.Category.AGENT: {
            visit.technician.name for visit in application.visits.exclude(technician=None) if visit.technician
        },
    }
    if category == Feedback.Category.AGENT and not own[category]:
        return set()
    return {str(application.number), *own.get(category, set())}


def read_value(value: object, path: str) -> Decimal:
    """From 1 (bad) to 5 (good), with one decimal at most."""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or not 1 <= number <= 5 or number != round(number, 1):
        raise BecknError(INVALID_RATING_VALUE, "A rating is a number from 1 to 5, with one decimal at most.", path)
    return round(number, 1)


def get_rating_categories(row: Message, request: Json) -> Json:
    # Core 1.1.0 asks for `return_reasons` here, by a slip of its own; empty, it keeps strict readers content.
    return {"rating_categories": list(Feedback.Category.values), "return_reasons": []}


def support(row: Message, request: Json) -> Json:
    """The provider's contact for the order that is named, else the transaction's; a request to be called back or
    written to becomes a task for staff."""
    message = request["message"]
    asked = message.get("support") or {}
    reference = asked.get("ref_id") or message.get("ref_id") or ""
    if reference:
        application: Application | None = find_order(row, reference, "/message/support/ref_id")
    else:
        application = find_transaction(row)
    provider = application.provider if application else _only_provider()
    contact = {"phone": provider.support_phone, "email": provider.support_email} if provider else {}
    if provider is None or not any(contact.values()):
        raise BecknError(SUPPORT_UNAVAILABLE, "No support contact is known for this.", "/message/support")
    phone = check_text(asked.get("callback_phone") or "", 30, "/message/support/callback_phone", PHONE)
    email = check_text(asked.get("email") or "", 254, "/message/support/email", EMAIL)
    if phone or email:
        ask_for_support(
            application=application,
            reference=reference,
            source=row.bap_id,
            callback_phone=phone,
            email=email,
            actor=Actor.buyer_app(row.bap_id),
        )
    answer: Json = {"ref_id": reference or str(row.message_id), **{k: v for k, v in contact.items() if v}}
    if application:
        answer["url"] = f"{settings.PUBLIC_URL}/track/{application.tracking_id}/"
    if phone:
        answer["callback_phone"] = phone
    return {"support": answer}


def _only_provider() -> Provider | None:
    """With one provider behind the platform a question about no order is that provider's."""
    providers = list(Provider.objects.filter(active=True)[:2])
    return providers[0] if len(providers) == 1 else None
