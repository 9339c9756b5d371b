"""Verdicts on papers, the hold that a bad one brings, and the passing of dates."""

import os
from datetime import date, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from config.celery import app
from connections.actors import Actor
from connections.documents.ageing import clear_stray_files, expire_documents
from connections.documents.verdicts import reject_document, verify_document, waive_document
from connections.lifecycle import Refused, advance
from connections.models import Application, Document, Event, Hold
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import ConnectionStatus, DocumentState
from tests.connections.intake import files, kept_in, paper_of, send
from tests.factories import SYSTEM, application, application_in, scheduled_application, staff

__all__ = ["files"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("files")]


def clerk(*permissions: str) -> Actor:
    return Actor.staff(staff(*permissions))


def handed_in(order: Application, code: str = "id-proof") -> Document:
    send(paper_of(order, code))
    return paper_of(order, code)


def reject(document: Document, reason: str = "The stamp is missing.") -> Document:
    return reject_document(document, reason=reason, actor=SYSTEM)


def status_of(order: Application) -> str:
    return Application.objects.get(pk=order.pk).connection_status


def kinds_of(order: Application) -> list[str]:
    return list(order.events.values_list("kind", flat=True))


# --- Verdicts -------------------------------------------------------------------------------------------------------


def test_a_verified_paper_says_who_until_when_and_which_version() -> None:
    document = handed_in(scheduled_application())
    good_until = timezone.localdate() + timedelta(days=90)

    verify_document(document, expires_on=good_until, seen=1, actor=clerk("connections.verify_document"))

    document.refresh_from_db()
    assert (document.state, document.expires_on) == (DocumentState.VERIFIED, good_until)
    assert document.versions.get().verdict == DocumentState.VERIFIED
    assert Event.objects.get(kind="document.verified").actor.startswith("staff clerk-")


def test_a_rejection_is_kept_with_its_reason_on_document_and_version() -> None:
    document = handed_in(scheduled_application())

    reject_document(document, reason=" Blurred. ", seen=1, actor=clerk("connections.verify_document"))

    document.refresh_from_db()
    version = document.versions.get()
    assert (document.state, document.reason) == (version.verdict, version.reason) == ("REJECTED", "Blurred.")


@pytest.mark.parametrize("act", [verify_document, reject_document])
def test_a_verdict_on_a_version_that_is_not_the_newest_is_refused(act: Any) -> None:
    document = handed_in(scheduled_application())
    reject(document)
    send(document)
    reason = {"reason": "Blurred."} if act is reject_document else {}

    with pytest.raises(Refused) as refusal:
        act(document, seen=1, actor=SYSTEM, **reason)

    assert refusal.value.code == "newer_version"
    assert paper_of(document.application).state == "SUBMITTED"


def test_without_the_permission_there_is_no_verdict() -> None:
    document = handed_in(scheduled_application())

    with pytest.raises(Refused, match="may not verify"):
        verify_document(document, actor=clerk("connections.view_document"))


def test_a_rejection_needs_its_reason() -> None:
    document = handed_in(scheduled_application())

    with pytest.raises(Refused, match="Say why"):
        reject(document, "  ")


def test_a_paper_whose_date_has_passed_can_not_be_verified() -> None:
    document = handed_in(scheduled_application())

    with pytest.raises(Refused) as refusal:
        verify_document(document, expires_on=document.application.provider.today() - timedelta(days=1), actor=SYSTEM)

    assert refusal.value.code == "already_expired"
    assert paper_of(document.application).expires_on is None


# --- The hold -------------------------------------------------------------------------------------------------------


def test_a_rejected_paper_puts_the_ball_with_the_applicant() -> None:
    order = scheduled_application()

    reject(handed_in(order))

    hold = Hold.objects.get()
    assert (hold.ball, hold.about, hold.closed_at) == ("APPLICANT", "documents", None)
    assert hold.reason == "Needed again: ID proof (The stamp is missing.)"
    assert status_of(order) == ConnectionStatus.ON_HOLD
    assert kinds_of(order)[-2:] == ["document.rejected", "application.held"]


def test_two_rejected_papers_are_one_hold_that_names_both() -> None:
    order = scheduled_application()
    reject(handed_in(order))

    reject(handed_in(order, "wiring"), "Not signed.")

    assert Hold.objects.get().reason == "Needed again: ID proof (The stamp is missing.); Wiring diagram (Not signed.)"
    assert kinds_of(order).count("application.held") == 1


def test_the_hold_ends_when_the_last_rejected_paper_has_come_again() -> None:
    order = scheduled_application()
    reject(handed_in(order))
    reject(handed_in(order, "wiring"))

    handed_in(order)
    assert status_of(order) == ConnectionStatus.ON_HOLD
    assert "Wiring diagram" in Hold.objects.get().reason
    handed_in(order, "wiring")

    assert Hold.objects.get().closed_at is not None
    assert status_of(order) == ConnectionStatus.PENDING
    assert kinds_of(order)[-2:] == ["document.submitted", "application.released"]


def test_a_second_rejection_opens_a_second_hold() -> None:
    order = scheduled_application()
    reject(handed_in(order))

    reject(handed_in(order))

    assert [hold.closed_at is None for hold in Hold.objects.order_by("id")] == [False, True]


def test_a_draft_gets_no_hold_until_it_is_ordered() -> None:
    draft = application()
    reject(handed_in(draft))
    assert not Hold.objects.exists()

    advance(draft, "schedule", actor=SYSTEM)

    assert Hold.objects.get().about == "documents"
    assert "application.held" in kinds_of(draft)


def test_the_hold_of_a_person_is_left_alone() -> None:
    order = scheduled_application()
    Hold.objects.create(application=order, reason="Storm damage", ball="UTILITY")
    reject(handed_in(order))

    handed_in(order)

    assert [hold.reason for hold in Hold.objects.filter(closed_at=None)] == ["Storm damage"]


def test_the_plain_door_opens_the_hold_too() -> None:
    order = scheduled_application()

    advance(handed_in(order), "reject", actor=SYSTEM, reason="Blurred.")

    assert Hold.objects.get().about == "documents"


def test_a_very_long_reason_fits_the_hold() -> None:
    order = scheduled_application()

    reject(handed_in(order), "x" * 300)

    assert len(Hold.objects.get().reason) == 300


# --- The waiver -----------------------------------------------------------------------------------------------------


def test_a_waiver_by_permission_settles_the_paper_and_ends_the_hold() -> None:
    order = scheduled_application()
    reject(handed_in(order))
    boss = clerk("connections.waive_document")

    waive_document(paper_of(order), reason="Known from an earlier connection", actor=boss)

    document = paper_of(order)
    assert document.is_settled
    assert not document.is_wanted
    assert (document.waived_by, document.waiver_reason) == (boss.user, "Known from an earlier connection")
    assert Hold.objects.get().closed_at is not None
    assert kinds_of(order)[-2:] == ["document.waived", "application.released"]


@pytest.mark.parametrize(
    ("permission", "reason", "code"),
    [("verify_document", "Known", "not_allowed"), ("waive_document", "  ", "reason_missing")],
)
def test_a_waiver_needs_permission_and_reason(permission: str, reason: str, code: str) -> None:
    document = paper_of(scheduled_application())

    with pytest.raises(Refused) as refusal:
        waive_document(document, reason=reason, actor=clerk(f"connections.{permission}"))

    assert refusal.value.code == code
    assert paper_of(document.application).waived_at is None


def test_a_buyer_app_waives_nothing() -> None:
    with pytest.raises(Refused, match="may not waive"):
        waive_document(paper_of(application()), reason="No", actor=Actor.buyer_app("bap.example.com"))


def test_what_is_settled_or_closed_is_not_waived() -> None:
    order = scheduled_application()
    verify_document(handed_in(order), actor=SYSTEM)
    closed = application_in(S.CANCELLED)

    with pytest.raises(Refused, match="already"):
        waive_document(paper_of(order), reason="No need", actor=SYSTEM)
    with pytest.raises(Refused, match="closed"):
        waive_document(paper_of(closed), reason="No need", actor=SYSTEM)


# --- Dates ----------------------------------------------------------------------------------------------------------


def verified_until(order: Application, day: date) -> Document:
    document = verify_document(handed_in(order), actor=SYSTEM)
    Document.objects.filter(pk=document.pk).update(expires_on=day)
    return document


def test_a_paper_expires_the_day_after_its_date_and_the_order_waits_for_another() -> None:
    order = scheduled_application()
    document = verified_until(order, paper_of(order).application.provider.today() - timedelta(days=1))

    assert expire_documents() == 1

    document.refresh_from_db()
    assert (document.state, document.versions.get().verdict) == ("EXPIRED", "EXPIRED")
    assert Hold.objects.get().reason == "Needed again: ID proof has expired"
    assert Event.objects.get(kind="document.expired").actor == "system calendar"
    assert expire_documents() == 0


def test_a_paper_is_good_on_its_last_day() -> None:
    order = scheduled_application()
    verified_until(order, paper_of(order).application.provider.today())

    assert expire_documents() == 0


def test_the_day_is_the_providers_own() -> None:
    order = scheduled_application()
    document = verified_until(order, date(2030, 1, 1))
    order.provider.time_zone = "Pacific/Kiritimati"  # UTC+14
    order.provider.save()
    ahead = Document.objects.get(pk=document.pk).application.provider.today()
    order.provider.time_zone = "Pacific/Midway"  # UTC-11
    order.provider.save()

    assert ahead > Document.objects.get(pk=document.pk).application.provider.today()


@pytest.mark.parametrize("state", [S.CANCELLED, S.FAILED])
def test_papers_of_a_closed_application_do_not_expire(state: str) -> None:
    order = scheduled_application()
    verified_until(order, date(2020, 1, 1))
    advance(order, {"CANCELLED": "cancel", "FAILED": "fail"}[state], actor=SYSTEM, reason="The end")

    assert expire_documents() == 0


def test_an_expired_paper_of_a_draft_brings_no_hold() -> None:
    verified_until(application(), date(2020, 1, 1))

    assert expire_documents() == 1
    assert not Hold.objects.exists()


def test_the_command_says_what_it_did() -> None:
    verified_until(scheduled_application(), date(2020, 1, 1))
    said = StringIO()

    call_command("expire_documents", stdout=said)

    assert said.getvalue() == "1 documents expired, 0 stray files deleted.\n"


def test_the_timetable_knows_both_tasks() -> None:
    planned = {entry["task"] for entry in app.conf.beat_schedule.values()}
    app.loader.import_default_modules()

    assert {"connections.tasks.expire_documents", "connections.tasks.clear_stray_files"} <= planned & app.tasks.keys()


def test_a_stray_file_goes_after_a_day_and_a_known_one_stays(files: Path) -> None:
    send(paper_of(application()))
    (known,) = kept_in(files)
    old, young = files / "a", files / "b"
    old.write_bytes(b"left behind")
    young.write_bytes(b"an upload under way")
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    for path in (known, old):
        os.utime(path, (two_days_ago, two_days_ago))

    assert clear_stray_files() == 1
    assert kept_in(files) == sorted([known, young])
