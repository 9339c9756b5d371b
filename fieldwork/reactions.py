"""What fieldwork adds to the life of an application."""

from connections.actors import Actor
from connections.lifecycle import consequence
from connections.models import Application, Event
from fieldwork.models import Visit
from fieldwork.services import call_off_visits, open_visit


@consequence("application.scheduled")
def open_the_assessment_visit(application: Application, event: Event, actor: Actor) -> None:
    open_visit(application, Visit.Kind.ASSESSMENT, actor=actor)


@consequence("application.cancelled")
@consequence("application.failed")
def nobody_sets_out_for_nothing(application: Application, event: Event, actor: Actor) -> None:
    # The one who may end an application may thereby call off its visits, whatever their permissions on visits.
    call_off_visits(application, reason=application.reason, actor=Actor.system(f"after {event.kind}"))
