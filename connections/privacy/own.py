"""What the core itself holds of a person, and how it goes."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.fields.files import FieldFile

from connections.lifecycle import Refused, guard
from connections.models import (
    Application,
    DocumentVersion,
    Event,
    EventWords,
    Feedback,
    Hold,
    PersonalDataView,
    Submission,
    SupportRequest,
)
from connections.privacy.rooms import Part, erases, exports, exports_files, rows_of
from connections.searching import keep_words

ERASED = "Erased"
ERASED_ADDRESS = "erased@invalid.invalid"
EMPTIED = [
    "applicant_phone",
    "applicant_email",
    "billing_name",
    "billing_phone",
    "billing_email",
    "billing_address",
    "tax_id",
    "postcode",
    "position_as_given",
    "attention",
]


# --- Handed out -----------------------------------------------------------------------------------------------------


@exports("application")
def application_row(application: Application) -> Any:
    return rows_of(Application.objects.filter(pk=application.pk))


@exports("documents")
def document_rows(application: Application) -> Any:
    return {
        "required": rows_of(application.documents.all(), "waived_by_id"),
        "handed_in": rows_of(DocumentVersion.objects.filter(document__application=application), "file"),
        "submissions": rows_of(Submission.objects.filter(application=application)),
    }


@exports("events")
def event_rows(application: Application) -> Any:
    events = Event.objects.filter(application=application).select_related("words").order_by("number")
    return [
        {"number": e.number, "at": e.at, "kind": e.kind, "about": e.subject, "by": e.actor, "details": e.data}
        for e in events
    ]


@exports("said")
def said_rows(application: Application) -> Any:
    return {
        "ratings": rows_of(Feedback.objects.filter(application=application)),
        "calls_for_help": rows_of(calls_for_help(application)),
        "holds": rows_of(application.holds.all()),
    }


@exports("letters")
def letter_rows(application: Application) -> Any:
    return rows_of(application.letters.all(), "html")


@exports("seen_by")
def views(application: Application) -> Any:
    """Who of staff looked, by time: a person may know it. Their names are the utility's to give."""
    return rows_of(PersonalDataView.objects.filter(application=application), "user_id", "reason")


@exports_files
def papers(application: Application) -> Iterator[tuple[str, FieldFile]]:
    for version in DocumentVersion.objects.filter(document__application=application).select_related("document"):
        if version.file:
            yield f"documents/{version.document.code}-{version.number}", version.file


def calls_for_help(application: Application) -> QuerySet[SupportRequest]:
    """Those about the application, and those about nothing that name the same telephone or e-mail."""
    wanted = Q(application=application)
    if application.applicant_phone:
        wanted |= Q(application=None, callback_phone=application.applicant_phone)
    if application.applicant_email:
        wanted |= Q(application=None, email__iexact=application.applicant_email)
    return SupportRequest.objects.filter(wanted)


# --- Erased ---------------------------------------------------------------------------------------------------------


@erases(Part.FILES)
def erase_papers(application: Application) -> int:
    """The row stays, with its verdict and date; the file, its name and what was written instead of it go."""
    versions = DocumentVersion.objects.filter(document__application=application).exclude(text=ERASED, file="", link="")
    names = [name for name in versions.values_list("file", flat=True) if name]
    count = versions.update(file="", link="", text=ERASED, original_name="", sha256="")
    delete_when_committed(names)
    return count


def delete_when_committed(names: list[str]) -> None:
    """The files go once nothing can be taken back; what a crash leaves then, the daily sweep of strays finds."""
    for name in names:
        transaction.on_commit(partial(default_storage.delete, name))


@erases(Part.PERSON)
def erase_person_of(application: Application) -> int:
    """Name, contacts, place and free words; the chain keeps its seals."""
    calls_for_help(application).update(callback_phone="", email="", note="", reference="")
    application.applicant_name = f"{ERASED} {application.pk}"
    application.address = ERASED
    application.latitude = application.longitude = None
    for field in EMPTIED:
        setattr(application, field, "")
    application.reason = ERASED if application.reason else ""
    application.save(update_fields=["applicant_name", "address", "latitude", "longitude", "reason", *EMPTIED])
    keep_words(application)
    LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Application), object_id=str(application.pk)
    ).update(object_repr=str(application))
    EventWords.objects.filter(event__application=application).delete()
    return 1


@erases(Part.PERSON)
def erase_remarks(application: Application) -> int:
    """What was said about papers, holds and the work. Where a rule wants a reason, a word stands for it."""
    versions = DocumentVersion.objects.filter(document__application=application)
    versions.exclude(reason="").update(reason=ERASED)
    application.documents.exclude(reason="").update(reason=ERASED)
    application.documents.exclude(waiver_reason="").update(waiver_reason=ERASED)
    Feedback.objects.filter(application=application).update(comment="")
    return Hold.objects.filter(application=application).update(reason=ERASED)


@guard("application", "schedule")
def nobody_orders_for_an_erased_person(application: Application, **_: Any) -> None:
    if application.erased_at:
        raise Refused("person_erased", "This draft's person was erased. Begin a new application.")


@erases(Part.PERSON)
def erase_letters(application: Application) -> int:
    """That something was written, when and about which event stays; to whom and in which words goes."""
    count = 0
    for letter in application.letters.exclude(to=""):
        letter.to, letter.subject, letter.text, letter.html = ERASED_ADDRESS, ERASED, ERASED, ""
        letter.save(update_fields=["to", "subject", "text", "html"])
        count += 1
    return count
