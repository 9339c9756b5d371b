"""What the core itself adds to its own steps: a verdict reaches the paper's version, and holds follow the verdicts."""

from typing import Any

from connections.actors import Actor
from connections.documents.waiting import keep_hold_in_step
from connections.lifecycle import consequence
from connections.models import Application, Document, Event
from connections.vocabulary import DocumentState


@consequence("document.verified")
@consequence("document.rejected")
@consequence("document.expired")
def mark_the_version(document: Document, event: Event, actor: Actor) -> None:
    """The newest version carries the verdict on; a paper shown at the counter has none."""
    newest = document.versions.order_by("-number").first()
    if newest and newest.verdict not in {DocumentState.REJECTED, DocumentState.EXPIRED}:
        newest.verdict, newest.reason = document.state, document.reason
        newest.save(update_fields=["verdict", "reason"])


@consequence("document.submitted")
@consequence("document.rejected")
@consequence("document.expired")
@consequence("document.waived")
@consequence("application.scheduled")
def wait_for_what_is_needed_again(thing: Any, event: Event, actor: Actor) -> None:
    application: Application = thing.application
    keep_hold_in_step(application, actor=Actor.system(f"after {event.kind}"))
