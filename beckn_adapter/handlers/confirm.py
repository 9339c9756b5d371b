"""confirm → on_confirm: the order, if it is what on_init offered (guide: confirm)."""

import json
from typing import Any

from django.conf import settings

from beckn_adapter.announce import catch_up
from beckn_adapter.errors import INVALID_REQUEST, BecknError
from beckn_adapter.handlers.agreement import check_agreement
from beckn_adapter.handlers.paid import note_payments
from beckn_adapter.handlers.papers import check_submission
from beckn_adapter.models import Conversation, Message
from beckn_adapter.translate.context import outlasting
from beckn_adapter.translate.order import DOCUMENTS, HOLDS, read_terms, write_order
from connections.actors import Actor
from connections.lifecycle import advance_locked
from connections.models import Application
from connections.shelf import shelf
from connections.vocabulary import ApplicationState
from connections.worded import Key, Question

Json = dict[str, Any]
# The transaction's application, locked.
THREAD = Question(
    lambda: (
        Application.objects.select_for_update(of=("self",), no_key=True)
        .filter(conversation__bap_id=Key(0), conversation__transaction_id=Key(1))
        .select_related("conversation")
    )
)


def confirm(row: Message, request: Json) -> Json:
    """Make the draft an order. The same confirm again, under whatever message_id, is told the same order, however far
    it has come meanwhile; another one must agree with the order as it is."""
    application, order = _application(row), request["message"]["order"]
    row.application = application
    is_new = application.fulfillment_state == ApplicationState.DRAFT
    if is_new or not _was_confirmed_by(row, order):
        check_agreement(order, application, "what on_init offered" if is_new else "the order")
        check_submission(order, application)
    if is_new:
        advance_locked(application, "schedule", actor=Actor.buyer_app(row.bap_id))
    note_payments(order, application, actor=Actor.buyer_app(row.bap_id))
    _remember(application, request["context"])
    return {"order": write_order(application, settings.BECKN_WIRE_PROFILE, is_new=is_new)}


def _application(row: Message) -> Application:
    """The transaction's application, locked, and its past told: of two confirms at once the second finds the order.

    What is compared, charged and told of it, and looked through for papers that are wanted again, is read once:
    ordering changes none of it but the holds, which are asked for anew if one is opened.
    """
    found = THREAD(row.bap_id, row.transaction_id)
    if not found:
        raise BecknError(INVALID_REQUEST, "This transaction has no init to confirm.", "/context/transaction_id")
    application = found[0]
    shelf().lend(application)
    catch_up(application)
    read_terms(application)
    DOCUMENTS(application)
    HOLDS(application)
    return application


def _was_confirmed_by(row: Message, order: Json) -> bool:
    """Whether an earlier confirm of this transaction became the order and said just that. What was erased meanwhile
    says nothing."""
    earlier = Message.objects.filter(bap_id=row.bap_id, transaction_id=row.transaction_id, action="confirm", error="")
    bodies = earlier.filter(state="HANDLED", pk__lt=row.pk).order_by("pk").values_list("body", flat=True)
    return any(json.loads(bytes(body))["message"]["order"] == order for body in bodies if body)


def _remember(application: Application, context: Json) -> None:
    """For callbacks that nobody asks for."""
    lasting = outlasting(context)
    if lasting != application.conversation.context:
        Conversation.objects.filter(application=application).update(context=lasting)
