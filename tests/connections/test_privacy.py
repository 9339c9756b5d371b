"""A person handed out and erased: nothing is left of them, and the books and the chain hold."""

import json
import stat
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.utils import timezone

from beckn_adapter.inbox import answer_again
from beckn_adapter.models import Callback, Message
from beckn_adapter.resend import send_again
from billing.models import Payment
from billing.payments import record_payment, return_payment
from connections.audit.verify import head_at, verify
from connections.lifecycle import Refused, advance
from connections.models import Application, DocumentVersion, Event, SupportRequest
from connections.privacy.erasure import erase_application
from connections.privacy.person import applications_of, export_person, find_person
from connections.services import Applicant
from connections.vocabulary import ApplicationState as S
from connections.voices import ask_for_support
from fieldwork.models import Installation
from tests.connections.zebulon import MARKS, ZEBULON, ended_order, everything_kept
from tests.factories import SYSTEM, application, application_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(settings: Any, tmp_path: Path) -> Application:
    settings.MEDIA_ROOT = tmp_path / "files"
    return ended_order()


def test_nothing_of_the_person_is_left_anywhere(
    ended: Application, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    before = everything_kept()
    assert [mark for mark in MARKS if mark not in before] == []

    with django_capture_on_commit_callbacks(execute=True):
        assert erase_application(ended, reason="Asked in writing", actor=SYSTEM)

    after = everything_kept()
    assert [mark for mark in MARKS if mark in after] == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_books_and_chain_stay_as_they_were(ended: Application) -> None:
    rows = "number", "kind", "facts", "seal", "hash", "at", "actor"
    events = list(ended.events.order_by("number").values(*rows))
    anchor = head_at(timezone.now())
    payments = list(Payment.objects.values())

    erase_application(ended, reason="Asked in writing", actor=SYSTEM)

    order = Application.objects.get(pk=ended.pk)
    assert list(order.events.exclude(kind="application.erased").order_by("number").values(*rows)) == events
    assert list(verify()) == []
    assert head_at(anchor.at) == anchor
    assert list(Payment.objects.values()) == payments
    assert (order.number, order.ended_at, order.requested_load_kw) == (ended.number, ended.ended_at, Decimal(5))
    assert order.applicant_name == f"Erased {order.pk}"
    assert order.events.last().data == {"reason": "Asked in writing"}


def test_erasing_again_does_nothing(ended: Application) -> None:
    erase_application(ended, reason="Asked", actor=SYSTEM)
    before = everything_kept()

    assert not erase_application(ended, reason="Asked again", actor=SYSTEM)
    assert everything_kept() == before


@pytest.mark.parametrize("state", [S.SCHEDULED, S.TECHNICIAN_ASSIGNED, S.ASSESSMENT_COMPLETED, S.APPROVED])
def test_open_order_can_not_be_erased(state: str) -> None:
    order = application_in(state)

    with pytest.raises(Refused, match="still open") as refusal:
        erase_application(order, reason="Asked", actor=SYSTEM)

    assert refusal.value.code == "still_open"
    assert Application.objects.get(pk=order.pk).applicant_name == "Jonathan Park"


def test_whom_money_is_owed_is_not_erased_before_it_went_back() -> None:
    order = application_in(S.SCHEDULED)
    record_payment(order, amount=Decimal(150), actor=SYSTEM)
    ended = advance(order, "cancel", actor=SYSTEM, reason="No capacity")
    with pytest.raises(Refused, match=r"150\.00 USD is still to be paid back"):
        erase_application(ended, reason="Asked", actor=SYSTEM)

    return_payment(ended, amount=Decimal(150), method="CASH", actor=SYSTEM)

    assert erase_application(ended, reason="Asked", actor=SYSTEM)


def test_who_owes_money_is_not_erased_before_it_came_in() -> None:
    order = application_in(S.CONNECTION_ESTABLISHED)
    with pytest.raises(Refused, match=r"200\.00 USD is still owed"):
        erase_application(order, reason="Asked", actor=SYSTEM)

    record_payment(order, amount=Decimal(200), reference="R-1", actor=SYSTEM)

    assert erase_application(order, reason="Asked", actor=SYSTEM)
    kept = Application.objects.get(pk=order.pk)
    assert (kept.meter_serial, kept.consumer_number) == (order.meter_serial, order.consumer_number)
    assert Installation.objects.filter(visit__application=order, latitude=None).exists()


def test_message_that_is_still_to_be_delivered_keeps_the_person(ended: Application) -> None:
    Callback.objects.filter(application=ended).update(state="DUE")

    with pytest.raises(Refused, match="still to be delivered"):
        erase_application(ended, reason="Asked", actor=SYSTEM)


def test_erased_draft_can_neither_be_ordered_nor_filled_again() -> None:
    draft = application(source="bap.test", source_reference="tx-1")
    erase_application(draft, reason="Asked", actor=SYSTEM)

    with pytest.raises(Refused, match="Begin a new application"):
        advance(draft, "schedule", actor=SYSTEM)
    with pytest.raises(Refused, match="Begin a new application"):
        application(source="bap.test", source_reference="tx-1")


def test_what_was_erased_is_not_sent_again(ended: Application) -> None:
    erase_application(ended, reason="Asked", actor=SYSTEM)
    answer_again(Message.objects.get(action="init").pk, timezone.now())

    assert send_again(Callback.objects.all()) == 0
    assert not Callback.objects.filter(state="DUE").exists()


# --- Handed out -----------------------------------------------------------------------------------------------------


def handed_out(*applications: Application) -> ZipFile:
    archive = BytesIO()
    export_person(Application.objects.filter(pk__in=[one.pk for one in applications]), archive, timezone.now())
    return ZipFile(archive)


def test_export_holds_everything_that_is_held(ended: Application) -> None:
    bundle = handed_out(ended)

    data = json.loads(bundle.read(f"{ended.number}/data.json"))
    names = bundle.namelist()
    text = json.dumps(data)
    assert [mark for mark in MARKS if mark not in text] == []
    assert bundle.read(next(name for name in names if "/documents/" in name)) == b"Zebulon"
    assert bundle.read(next(name for name in names if "/photos/" in name)) == b"house"
    assert data["money"]["payments"][0]["reference"] == "R-1"
    assert [row["action"] for row in data["messages"]["in"]] == ["search", "init"]
    assert "application.cancelled" in [event["kind"] for event in data["events"]]
    assert len(data["said"]["calls_for_help"]) == 2


def test_every_table_that_hangs_on_an_application_is_handed_out(ended: Application) -> None:
    """A new table of a room is missed here, before a person misses it."""
    told = json.loads(handed_out(ended).read(f"{ended.number}/data.json"))
    known = {
        "document", "submission", "hold", "event", "eventwords", "feedback", "supportrequest", "personaldataview",
        "documentversion", "visit", "finding", "installation", "photo", "quote", "quoteline", "instalment", "payment",
        "entry", "paymentreport", "waiver", "voucher", "letter", "message", "callback",
    }  # fmt: skip
    # What tells of the utility's own work or of the network's letters and not of a person.
    # Search words are the application's own, once more.
    other = {"act", "meter", "conversation", "attempt", "fieldact", "searchword"}

    assert {model._meta.model_name for model in _hanging_on(Application)} == known | other
    assert set(told) == {
        "application",
        "documents",
        "events",
        "said",
        "letters",
        "seen_by",
        "visits",
        "money",
        "messages",
    }


def _hanging_on(model: type[models.Model], seen: set[Any] | None = None) -> set[Any]:
    seen = set() if seen is None else seen
    for relation in model._meta.related_objects:
        if relation.related_model not in seen:
            seen.add(relation.related_model)
            _hanging_on(relation.related_model, seen)
    return seen


def test_file_that_is_gone_is_said_in_the_export(ended: Application) -> None:
    version = DocumentVersion.objects.exclude(file="").get()
    version.file.storage.delete(version.file.name)

    assert [name for name in handed_out(ended).namelist() if name.endswith(".missing.txt")]


def test_person_is_found_by_order_mail_and_telephone(ended: Application) -> None:
    application()

    for wanted in (ended.number, "ZEB@example.com", "+1 415 555 0199", "415-555-0199"):
        assert list(find_person(wanted)) == [ended], wanted
    for wanted in ("nobody@example.com", "conn-order-999", "0199", ""):
        assert not find_person(wanted).exists(), wanted


def test_same_person_is_the_same_name_with_the_same_telephone_or_mail() -> None:
    one = application(applicant=Applicant("Ann Lee", "+14155550001", "ann@example.com"))
    same = application(applicant=Applicant("ann lee", "", "Ann@Example.com"))
    application(applicant=Applicant("Bob Lee", "+14155550001"))
    application(applicant=Applicant("Ann Lee", "+14155550002"))

    assert list(applications_of(one)) == [one, same]


def test_commands_hand_out_and_erase(ended: Application, tmp_path: Path) -> None:
    out, archive = StringIO(), tmp_path / "zeb.zip"

    call_command("export_person", "zeb@example.com", to=archive, stdout=out)
    call_command("erase_person", "zeb@example.com", reason="Asked", stdout=out)
    assert Application.objects.get(pk=ended.pk).erased_at is None
    call_command("erase_person", "zeb@example.com", reason="Asked", yes=True, stdout=out)

    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert f"Erased: {ended.number}" in out.getvalue()
    assert Application.objects.get(pk=ended.pk).erased_at is not None
    with pytest.raises(CommandError, match="No application is known"):
        call_command("erase_person", "zeb@example.com", reason="Asked", yes=True, stdout=out)
    with pytest.raises(CommandError, match="can not be made"):
        call_command("export_person", str(ended.number), to=archive, stdout=out)


def test_command_says_which_orders_stay(ended: Application) -> None:
    open_order = application_in(S.SCHEDULED, applicant=ZEBULON)

    with pytest.raises(CommandError, match=f"{open_order.number} is still open") as failure:
        call_command("erase_person", "zeb@example.com", reason="Asked", yes=True, stdout=StringIO())

    assert failure.value.returncode == 1
    assert Application.objects.get(pk=ended.pk).erased_at is not None


def test_call_for_help_of_somebody_else_stays(ended: Application) -> None:
    ask_for_support(application=None, reference="", source="x", actor=SYSTEM, callback_phone="+14155557777")

    erase_application(ended, reason="Asked", actor=SYSTEM)

    assert SupportRequest.objects.filter(callback_phone="+14155557777").exists()
    assert Event.objects.filter(kind="application.erased").count() == 1
