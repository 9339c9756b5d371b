"""What holds in the database of every order, whatever has happened to it."""

from collections.abc import Iterator
from itertools import pairwise

from beckn_adapter.announce import ANSWERED, NOT_TOLD, TOLD, TOLD_WITH_THE_END
from beckn_adapter.models import Callback
from connections.actors import Actor
from connections.audit.verify import verify
from connections.documents.handing_in import AGAIN
from connections.documents.waiting import ABOUT
from connections.models import Application, Document, Event
from connections.vocabulary import OPEN_STATES
from connections.vocabulary import ApplicationState as S
from fieldwork.models import Installation, Meter, VisitState

OVER = [VisitState.COMPLETED, VisitState.NO_ACCESS, VisitState.UNSAFE, VisitState.INCOMPLETE, VisitState.CANCELLED]


def check_laws(order: Application) -> None:
    documents = list(order.documents.all())
    every_step_has_its_event(order, documents)
    order_waits_for_papers_that_are_wanted_again(order, documents)
    power_has_meter_seal_and_reading(order)
    assert list(verify(order.events.all())) == []


def every_step_has_its_event(order: Application, documents: list[Document]) -> None:
    """The timeline alone tells in which state the order, its papers and its visits are, and how they came there."""
    steps = list(Event.objects.filter(application=order, facts__has_key="came_from").order_by("id"))
    own = [step for step in steps if step.kind.startswith("application.")]
    assert all(after.data["came_from"] == before.state for before, after in pairwise(own))
    assert (own[-1].state if own else S.DRAFT) == order.fulfillment_state
    for document in documents:
        verdicts = [step.kind for step in steps if step.subject == str(document)]
        assert (verdicts[-1] if verdicts else "document.pending") == f"document.{document.state.lower()}"
    ended = [step.kind for step in steps if step.kind.startswith("visit.")]
    states = list(order.visits.values_list("state", flat=True))
    for state in OVER:
        assert ended.count(f"visit.{state.lower()}") == states.count(state)


def order_waits_for_papers_that_are_wanted_again(order: Application, documents: list[Document]) -> None:
    if order.fulfillment_state in OPEN_STATES:
        wanted = any(document.state in AGAIN and document.waived_at is None for document in documents)
        assert order.holds.filter(about=ABOUT, closed_at=None).exists() == wanted


def power_has_meter_seal_and_reading(order: Application) -> None:
    is_on = order.fulfillment_state == S.CONNECTION_ESTABLISHED
    meter = Meter.objects.filter(application=order, state="INSTALLED").first()
    assert is_on == (meter is not None) == bool(order.meter_serial) == bool(order.consumer_number)
    if is_on:
        hung = Installation.objects.get(visit__application=order, meter=meter)
        assert (order.meter_serial, order.seal_number) == (hung.meter.serial, hung.seal_number)
        assert order.initial_reading_kwh == hung.initial_reading_kwh


def events_without_their_word(application: Application, bap_id: str) -> Iterator[str]:
    """Announced events that no callback tells (their own, or that of a later one which was recorded at once with them),
    that have one and should have none, or more than one."""
    told = list(Callback.objects.filter(application=application).exclude(event=None).values_list("event_id", flat=True))
    told_later: set[str] = set()
    for event in Event.objects.filter(application=application).order_by("-id"):
        wanted, own = _owes_a_callback(event, bap_id), told.count(event.pk)
        if event.kind not in TOLD and event.kind not in NOT_TOLD:
            yield f"{event.kind} is in neither table"
        elif own > wanted or (wanted and not own and TOLD[event.kind] not in told_later):
            yield f"{event.kind} in {event.state} has {own} callbacks instead of {int(wanted)}"
        if own:
            told_later.add(TOLD.get(event.kind, ""))


def _owes_a_callback(event: Event, bap_id: str) -> bool:
    answered = event.kind in ANSWERED and event.actor == str(Actor.buyer_app(bap_id))
    with_the_end = event.kind in TOLD_WITH_THE_END and event.state not in OPEN_STATES
    return event.kind in TOLD and event.state != S.DRAFT and not answered and not with_the_end
