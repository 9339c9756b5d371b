"""What a buyer app is told when nobody asked: events pulled from the core, turned into callbacks.

Pulled, not pushed: a mistake in the mapping can never stop a clerk's approval. The state code is the event's.
"""

import logging
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from beckn_adapter import outbox
from beckn_adapter.models import Conversation
from beckn_adapter.translate.context import answer_context
from beckn_adapter.translate.order import write_order
from connections.actors import Actor
from connections.models import Application, Event
from connections.privacy.masking import mask_text
from connections.vocabulary import OPEN_STATES, ApplicationState
from fieldwork.models import VisitState

log = logging.getLogger(__name__)
BATCH = 50
THE_STOCK = "the utility's own stock"
TIME_IS_OVER = "the order ended long ago, and nothing of it changes but what is kept"
BY_ITS_ANSWER = "the buyer app's own message is answered by on_init or on_confirm"

# The one table: which event is told by which callback, or why by none. What is not listed is nobody's business.
TOLD: dict[str, str] = {
    "application.technician_assigned": "on_status",
    "application.assessment_completed": "on_status",
    "application.approved": "on_status",
    "application.connection_established": "on_status",
    "application.cancelled": "on_cancel",
    "application.failed": "on_cancel",
    "application.amended": "on_update",
    "application.held": "on_status",
    "application.released": "on_status",
    "document.submitted": "on_status",
    "document.verified": "on_status",
    "document.rejected": "on_status",
    "document.expired": "on_status",
    "document.waived": "on_status",
    "visit.assigned": "on_status",
    "visit.en_route": "on_status",
    "visit.on_site": "on_status",
    "visit.no_access": "on_status",
    "visit.unsafe": "on_status",
    "visit.incomplete": "on_status",
    "visit.rescheduled": "on_status",
    "visit.cancelled": "on_status",
    "payment.recorded": "on_status",
}
NOT_TOLD: dict[str, str] = {
    "application.opened": BY_ITS_ANSWER,
    "application.revised": BY_ITS_ANSWER,
    "application.scheduled": BY_ITS_ANSWER,
    "application.looked_at": "a note of staff for staff",
    "application.rated": "the applicant's own word",
    "application.support_asked": "answered by on_support",
    "application.support_answered": "told to the applicant, by telephone or e-mail",
    "application.files_erased": TIME_IS_OVER,
    "application.messages_erased": TIME_IS_OVER,
    "application.erased": TIME_IS_OVER,
    "document.replaced": "the document stays handed in: nothing that is told changes",
    "visit.scheduled": "the utility's own planning",
    "visit.rated": "the applicant's own word",
    "visit.completed": "the state that the application reaches by it is told; a follow-up brings no new one",
    "meter.in_stock": THE_STOCK,
    "meter.issued": THE_STOCK,
    "meter.installed": "told with the connection that it makes",
    "meter.removed": THE_STOCK,
    "meter.faulty": THE_STOCK,
}


# What an order's end brings about is told by on_cancel, once.
TOLD_WITH_THE_END = {"visit.cancelled"}
# What a buyer app did itself it learns from the answer to its own message.
ANSWERED = {"application.cancelled", "application.amended"}


def announce_events(limit: int = BATCH) -> int:
    """Turn unannounced events into callbacks; returns how many events were dealt with.

    An application's events go out one after the other, whoever else announces at the same time.
    """
    earlier = Event.objects.filter(application=OuterRef("application"), announced_at=None, id__lt=OuterRef("id"))
    with transaction.atomic():
        events = list(
            Event.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(~Exists(earlier), announced_at=None)
            .select_related("application__provider", "application__offering", "application__quote")
            .order_by("id")[:limit]
        )
        _announce_all(events)
    return len(events)


def catch_up(application: Application) -> None:
    """Announce what is still untold of an application, so that no answer tells a later state before an earlier one.

    Inside the answer's transaction, the application locked with `no_key`: whoever announces this application's events
    just now must be able to finish, for we wait for them here.
    """
    waiting = Event.objects.select_for_update(of=("self",)).filter(application=application, announced_at=None)
    _announce_all(list(waiting.order_by("id")))


def _announce_all(events: list[Event]) -> None:
    for event in events:
        _announce(event)
    Event.objects.filter(pk__in=[event.pk for event in events]).update(announced_at=timezone.now())


def _announce(event: Event) -> None:
    action, application = TOLD.get(event.kind), event.application
    if action is None or application is None or event.state == ApplicationState.DRAFT:
        return
    if event.kind in TOLD_WITH_THE_END and event.state not in OPEN_STATES:
        return
    thread = Conversation.objects.filter(application=application).first()
    if thread is None:  # taken at the counter: there is nobody to tell
        return
    if event.kind in ANSWERED and event.actor == str(Actor.buyer_app(thread.bap_id)):
        return
    context = answer_context(thread.context, action=action, now=timezone.now(), message_id=str(uuid4()))
    try:
        with transaction.atomic():
            order = write_order(application, settings.BECKN_WIRE_PROFILE, state=event.state, visit=visit_of(event))
            outbox.put(context, {"message": {"order": order}}, event=event, application=application)
    except Exception as problem:  # the boundary of a mapping mistake: seen in the admin, stopping nobody
        log.exception("event %s (%s) could not be put into words", event.pk, event.kind)
        outbox.bury(context, mask_text(f"could not be built: {type(problem).__name__}: {problem}"), event=event)


def visit_of(event: Event) -> tuple[str, str] | None:
    """The state that a visit has come to, and why if a reason was given; None for what is no step of a visit."""
    thing, _, participle = event.kind.partition(".")
    if thing != "visit" or participle.upper() not in VisitState.values:
        return None
    return participle.upper(), str(event.data.get("reason") or "")
