"""init → on_init: a draft application, and the terms on which it may be ordered (guide: init)."""

from typing import Any

from django.conf import settings

from beckn_adapter.errors import INVALID_REQUEST, BecknError
from beckn_adapter.handlers.lookup import ITEM, find_offering, read_item_wish
from beckn_adapter.handlers.papers import take_papers
from beckn_adapter.models import Conversation, Message
from beckn_adapter.translate.context import outlasting
from beckn_adapter.translate.order import write_order
from beckn_adapter.translate.request import FULFILLMENT, find_premises, read_applicant, read_premises
from beckn_adapter.translate.xinput import write_document_form
from connections.actors import Actor
from connections.services import Request, open_application

Json = dict[str, Any]


def init(row: Message, request: Json) -> Json:
    """Open the draft, or correct it if this transaction has one, and tell quote, payments and the document form."""
    order = request["message"]["order"]
    offering = find_offering(order)
    wish = read_item_wish(order, offering)
    if wish.load_kw is None:
        raise BecknError(INVALID_REQUEST, "The tag requested_load_kw is missing.", f"{ITEM}/tags")
    stops = order["fulfillments"][0]["stops"]
    place = find_premises(stops)
    application = open_application(
        offering=offering,
        applicant=read_applicant(order),
        premises=read_premises(
            stops[place].get("location") or {}, request["context"], f"{FULFILLMENT}/stops/{place}/location"
        ),
        request=Request(wish.load_kw, wish.consumption_kwh),
        actor=Actor.buyer_app(row.bap_id),
        source=row.bap_id,
        source_reference=row.transaction_id,
    )
    known = {"bap_id": row.bap_id, "transaction_id": row.transaction_id}
    said = {"application": application, "context": outlasting(request["context"])}
    if not Conversation.objects.filter(**known).update(**said):
        Conversation.objects.create(**known, **said)
    row.application = application
    documents = list(application.documents.all())
    if take_papers(order, documents, Actor.buyer_app(row.bap_id)):
        documents = list(application.documents.all())
    answer = write_order(application, settings.BECKN_WIRE_PROFILE)
    form = write_document_form(application, documents)
    if form:
        answer["items"][0]["xinput"] = form
    return {"order": answer}
