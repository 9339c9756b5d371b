"""Keeping what applicants say: ratings and calls for help."""

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from connections.actors import Actor
from connections.lifecycle import record
from connections.models import Application, Feedback, SupportRequest
from connections.vocabulary import OPEN_STATES, ApplicationState


def may_give_feedback(application: Application) -> bool:
    """Whether the page for words is open: when the work is over (guide: post-fulfilment), however it ended; and from
    the first rating on, since every on_rating offers it."""
    is_over = application.fulfillment_state not in (ApplicationState.DRAFT, *OPEN_STATES)
    return is_over or application.feedback.exists()


@transaction.atomic
def give_feedback(
    application: Application, *, category: str, value: Decimal, actor: Actor, comment: str | None = None
) -> Feedback:
    """Rate one thing of an order from 1 to 5. Said again, the last word counts; a comment is kept until replaced.

    The very same word again is no news: nothing is recorded.
    """
    application = _lock(application)
    words: dict[str, Any] = {} if comment is None else {"comment": comment}
    said = application.feedback.filter(category=category, value=value, **words).first()
    if said:
        return said
    feedback, _ = Feedback.objects.update_or_create(
        application=application, category=category, defaults={"value": value, **words}
    )
    record(application, "rated", actor=actor, category=str(category), value=value)
    return feedback


@transaction.atomic
def ask_for_support(
    *,
    application: Application | None,
    reference: str,
    source: str,
    actor: Actor,
    callback_phone: str = "",
    email: str = "",
) -> SupportRequest:
    """A task for staff. The same question that is still open is not asked twice, nor at the same moment."""
    application = _lock(application) if application else None
    request, is_new = SupportRequest.objects.get_or_create(
        application=application,
        reference=reference,
        source=source,
        callback_phone=callback_phone,
        email=email,
        done_at=None,
    )
    if is_new and application:
        record(application, "support_asked", actor=actor, callback_phone=callback_phone)
    return request


@transaction.atomic
def answer_support(request: SupportRequest, *, note: str, actor: Actor) -> None:
    """Staff dealt with it, and say how."""
    application = _lock(request.application) if request.application else None
    request.note, request.done_at = note, timezone.now()
    request.save(update_fields=["note", "done_at"])
    if application:
        record(application, "support_answered", actor=actor)


def _lock(application: Application) -> Application:
    """As it is now, its chain of events ours to go on with."""
    return Application.objects.select_for_update(no_key=True).get(pk=application.pk)
