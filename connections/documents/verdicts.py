"""Staff's verdicts on papers: verified, rejected with a reason, waived by permission."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from connections.actors import Actor
from connections.documents.handing_in import TAKING
from connections.lifecycle import Refused, advance, record
from connections.models import Application, Document
from connections.vocabulary import DocumentState

# What clerks write again and again; the applicant reads it as it stands.
READY_REASONS = (
    "The picture is blurred or too dark to read.",
    "A page or a corner is missing.",
    "The stamp or the signature is missing.",
    "The name is not the applicant's.",
    "The address is not that of the premises.",
    "It is no longer valid: its date has passed.",
    "This is another document than the one we asked for.",
)


@transaction.atomic
def verify_document(
    document: Document, *, actor: Actor, expires_on: date | None = None, seen: int | None = None
) -> Document:
    """Seen and good, until `expires_on` if the paper has a date. `seen` is the version's number that was looked at.

    Raises `Refused`: `newer_version`, `already_expired`, and what `advance` says.
    """
    locked = _lock(document, seen)
    if expires_on and expires_on < locked.application.provider.today():
        raise Refused("already_expired", "That date has passed: reject the document and ask for a valid one.")
    if locked.state == DocumentState.SUBMITTED and locked.expires_on != expires_on:
        locked.expires_on = expires_on
        locked.save(update_fields=["expires_on", "updated_at"])
    return advance(locked, "verify", actor=actor)


@transaction.atomic
def reject_document(
    document: Document, *, reason: str, actor: Actor, ready: str = "", seen: int | None = None
) -> Document:
    """Not good, and why: the applicant reads it and is asked for this one again. A `ready` sentence stands before what
    was added to it. Raises `Refused`."""
    reason = f"{ready} {reason}".strip()
    if len(reason) > 300:
        raise Refused("reason_too_long", f"The reason has {len(reason)} characters; at most 300 are kept.")
    return advance(_lock(document, seen), "reject", actor=actor, reason=reason)


@transaction.atomic
def waive_document(document: Document, *, reason: str, actor: Actor) -> Document:
    """Do without this paper: nobody is asked for it any more. Needs `connections.waive_document`. Raises `Refused`."""
    locked, reason = _lock(document, None), reason.strip()
    if actor.kind != "system" and not (actor.kind == "staff" and actor.user.has_perm("connections.waive_document")):
        raise Refused("not_allowed", f"{actor} may not waive a document.")
    if locked.application.fulfillment_state not in TAKING:
        raise Refused("application_closed", "This application is closed.")
    if locked.is_settled:
        raise Refused("already_settled", f"{locked.name} is verified or waived already.")
    if not reason or len(reason) > 300:
        raise Refused("reason_missing", "Say why it is not needed, in at most 300 characters.")
    locked.waived_at, locked.waived_by, locked.waiver_reason = timezone.now(), actor.user, reason
    locked.save(update_fields=["waived_at", "waived_by", "waiver_reason", "updated_at"])
    record(locked, "waived", actor=actor, reason=reason)
    return locked


def _lock(document: Document, seen: int | None) -> Document:
    """The document as it now is, nobody else's hand on its application. A verdict is for the version that was seen."""
    Application.objects.select_for_update().get(pk=document.application_id)
    rows = Document.objects.select_for_update(of=("self",)).select_related("application__provider")
    locked = rows.get(pk=document.pk)
    newest = locked.versions.order_by("-number").values_list("number", flat=True).first()
    if seen is not None and (newest or 0) != seen:
        raise Refused("newer_version", f"A newer version of {locked.name} has come in. Look at it first.")
    return locked
