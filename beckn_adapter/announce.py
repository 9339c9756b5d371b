"""What a buyer app is told when nobody asked: events pulled from the core, turned into callbacks.

Pulled, not pushed: a mistake in the mapping can never stop a clerk's approval. The state code is the event's.
"""

import logging
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q
from django.utils import timezone

from beckn_adapter import outbox
from beckn_adapter.models import Act, Conversation
from beckn_adapter.translate.context import answer_context
from beckn_adapter.translate.order import write_order
from connections.actors import Actor
from connections.again import run_again
from connections.lifecycle import tell_nobody
from connections.models import Application, Event
from connections.privacy.masking import mask_text
from connections.queues import as_text, first_of, taking_by_index
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
    "payment.returned": "on_status",
    "payment.reversed": "on_status",
    "paymentreport.rejected": "on_status",
    "waiver.approved": "on_status",
    "voucher.issued": "on_status",
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
    "paymentreport.reported": BY_ITS_ANSWER,
    "paymentreport.matched": "told as the payment that it is",
    "waiver.asked": "a question among staff",
    "waiver.refused": "nothing changes for the applicant",
    "meter.in_stock": THE_STOCK,
    "meter.issued": THE_STOCK,
    "meter.installed": "told with the connection that it makes",
    "meter.removed": THE_STOCK,
    "meter.faulty": THE_STOCK,
}
tell_nobody(NOT_TOLD)  # so they do not wait here to be passed over

# What an order's end, or the power, brings about is told with it, once.
TOLD_WITH_THE_END = {"visit.cancelled", "voucher.issued"}
# What a buyer app did itself it learns from the answer to its own message.
ANSWERED = {"application.cancelled", "application.amended", "voucher.issued"}


@run_again
def announce_events(limit: int = BATCH) -> int:
    """Turn unannounced events into callbacks, one where several were recorded at once; returns how many events it were.

    An application's events go out one after the other, whoever else announces at the same time.
    """
    untold = Event.objects.filter(application=OuterRef("application"), announced_at=None)
    with transaction.atomic():
        with taking_by_index():
            events = list(
                Event.objects.select_for_update(skip_locked=True, of=("self",))
                .filter(Q(application=None) | Q(id=first_of(untold)), announced_at=None)
                .order_by("id")[:limit]
            )
        return _announce_all(_with_their_acts(events))


def _with_their_acts(first: list[Event]) -> list[Event]:
    """These events and what was done at once with them: nobody else announces it, for it comes after a locked one."""
    acts = Act.objects.filter(event__in=first).values_list("number", flat=True)
    applications = {event.application_id for event in first}
    together = Event.objects.filter(act__number__in=[*acts], application__in=applications, announced_at=None)
    wanted = {event.pk for event in first} | {*together.values_list("pk", flat=True)}
    related = ("act", "application__provider", "application__offering", "application__quote")
    return list(Event.objects.filter(pk__in=wanted).select_related(*related).order_by("id"))


def catch_up(application: Application) -> None:
    """Announce what is still untold of an application, so that no answer tells a later state before an earlier one.

    Inside the answer's transaction, the application locked with `no_key`: whoever announces this application's events
    just now must be able to finish, for we wait for them here. Of a draft nothing is told, so nothing is looked for.
    """
    if application.fulfillment_state == ApplicationState.DRAFT:
        return
    events = Event.objects.select_for_update(of=("self",)).alias(told=as_text("announced_at"))
    waiting = events.filter(application=application, told="").select_related("act")
    _announce_all(list(waiting.order_by("id")))


def _announce_all(events: list[Event]) -> int:
    """Tell what is to be told and mark every event; returns how many there were."""
    acts: dict[Any, list[Event]] = {}
    for event in events:
        act = getattr(event, "act", None)
        acts.setdefault((event.application_id, act.number if act else event.pk), []).append(event)
    for together in acts.values():
        _announce(together)
    keys = [event.pk for event in events]
    Event.objects.filter(pk__in=keys).update(announced_at=timezone.now())
    Act.objects.filter(pk__in=keys).delete()
    return len(events)


def _announce(together: list[Event]) -> None:
    """Events of one application that were recorded at once: one callback for each action, with the latest word."""
    application = together[0].application
    thread = Conversation.objects.filter(application=application).first() if application else None
    if thread is None:  # a thing of the stock, or taken at the counter: there is nobody to tell
        return
    news: dict[str, list[Event]] = {}
    for event in together:
        action = _action_for(event, thread)
        if action:
            news[action] = [*news.pop(action, []), event]  # in the order of their last events
    for action, events in news.items():
        _tell(action, events, thread)


def _action_for(event: Event, thread: Conversation) -> str | None:
    """The callback that tells this event to this buyer app, if one does."""
    if event.state == ApplicationState.DRAFT:
        return None
    if event.kind in TOLD_WITH_THE_END and event.state not in OPEN_STATES:
        return None
    if event.kind in ANSWERED and event.actor == str(Actor.buyer_app(thread.bap_id)):
        return None
    return TOLD.get(event.kind)


def _tell(action: str, events: list[Event], thread: Conversation) -> None:
    latest, visits = events[-1], [visit for event in events if (visit := visit_of(event))]
    context = answer_context(thread.context, action=action, now=timezone.now(), message_id=str(uuid4()))
    application: Application = latest.application  # type: ignore[assignment]
    try:
        with transaction.atomic():
            visit = visits[-1] if visits else None
            order = write_order(application, settings.BECKN_WIRE_PROFILE, state=latest.state, visit=visit)
            outbox.put(context, {"message": {"order": order}}, event=latest, application=application)
    except Exception as problem:  # the boundary of a mapping mistake: seen in the admin, stopping nobody
        log.exception("event %s (%s) could not be put into words", latest.pk, latest.kind)
        outbox.bury(context, mask_text(f"could not be built: {type(problem).__name__}: {problem}"), event=latest)


def visit_of(event: Event) -> tuple[str, str] | None:
    """The state that a visit has come to, and why if a reason was given; None for what is no step of a visit."""
    thing, _, participle = event.kind.partition(".")
    if thing != "visit" or participle.upper() not in VisitState.values:
        return None
    return participle.upper(), str(event.data.get("reason") or "")
