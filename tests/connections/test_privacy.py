"""A person handed out and erased: nothing is left of them, and the books and the chain hold."""

import json
import stat
from datetime import timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection, models
from django.utils import timezone

from beckn_adapter.models import Callback, Conversation, Message
from billing.models import Payment
from billing.services import record_payment
from connections.audit.verify import head_at, verify
from connections.holding import put_on_hold
from connections.lifecycle import Refused, advance
from connections.models import Application, DocumentVersion, Event, EventWords, SupportRequest
from connections.privacy.erasure import erase_application
from connections.privacy.person import applications_of, export_person, find_person
from connections.services import Applicant, Premises, amend_application
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import Ball
from connections.voices import ask_for_support, give_feedback
from fieldwork.models import Finding, Installation, Photo
from tests.factories import SYSTEM, application, application_in, bring_to, offering

pytestmark = pytest.mark.django_db

# Words that stand for the person wherever the house may keep them. None of them may be left.
MARKS = ["Zebulon", "5550199", "zeb@", "Quince", "TAX-Z", "37.77", "zz-remark"]
ZEBULON = Applicant(
    "Zebulon Quill", "+14155550199", "zeb@example.com", "Zebulon Quill", "+14155550199", "zeb@example.com",
    "9 Quince Lane", "TAX-Z-77",
)  # fmt: skip
QUINCE = Premises(
    "9 Quince Lane", "94110", "NANP:628", Decimal("37.774921"), Decimal("-122.419424"), "37.774921,-122.4"
)


@pytest.fixture
def ended(settings: Any, tmp_path: Path) -> Application:
    """A cancelled order that has been through everything, each place marked with the person's words."""
    settings.MEDIA_ROOT = tmp_path / "files"
    order = application_in(
        S.ASSESSMENT_COMPLETED, applicant=ZEBULON, premises=QUINCE, source="bap.test", source_reference="tx-z"
    )
    amend_application(order, changes={"applicant_name": "Zebulon R. Quill"}, actor=SYSTEM)
    paper = order.documents.first()
    version = DocumentVersion(
        document=paper, number=1, original_name="Zebulon.pdf", media_type="application/pdf", size=3
    )
    version.file.save("", ContentFile(b"Zebulon"), save=True)
    DocumentVersion.objects.create(document=order.documents.last(), number=1, link="https://x.test/Zebulon")
    visit = order.visits.first()
    Finding.objects.create(
        visit=visit,
        feasible=True,
        phase="SINGLE_PHASE",
        load_kw=5,
        service_drop_m=9,
        notes="zz-remark",
        works_needed="zz-remark",
    )
    photo = Photo(visit=visit, kind="PREMISES", media_type="image/jpeg")
    photo.file.save("", ContentFile(b"house"), save=True)
    put_on_hold(order, reason="zz-remark", ball=Ball.UTILITY, actor=SYSTEM)
    give_feedback(order, category="Order", value=Decimal(2), actor=SYSTEM, comment="zz-remark")
    ask_for_support(application=order, reference="zz-remark", source="bap.test", actor=SYSTEM, email="zeb@example.com")
    ask_for_support(application=None, reference="", source="x", actor=SYSTEM, callback_phone="+14155550199")
    record_payment(order.instalments.get(), amount=Decimal(150), reference="R-1", actor=SYSTEM)
    _converse(order)
    return advance(order, "cancel", actor=SYSTEM, reason="zz-remark: Zebulon moved", reason_code="c1")


def _converse(order: Application) -> None:
    body = json.dumps({"person": {"name": "Zebulon"}, "gps": "37.774921"}).encode()
    now = timezone.now()
    Conversation.objects.create(bap_id="bap.test", transaction_id="tx-z", application=order, context={})
    common = {"bap_id": "bap.test", "transaction_id": "tx-z", "body": body, "due_at": now}
    for action, about in (("search", None), ("init", order)):
        message = Message.objects.create(
            **common, action=action, message_id=str(uuid4()), bap_uri="https://bap.test", digest="d", signature="s",
            state="HANDLED", application=about, received_at=now, error="Zebulon?",
        )  # fmt: skip
        Callback.objects.create(
            **common, action=f"on_{action}", message_id=message.message_id, url="https://bap.test", state="DELIVERED",
            request=message, application=about, give_up_at=now,
        )  # fmt: skip


def everything_kept() -> str:
    """The whole database as text, bytes read as text."""
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            names = [connection.ops.quote_name(field.column) for field in model._meta.concrete_fields]
            cursor.execute(f"SELECT {', '.join(names)} FROM {model._meta.db_table}")  # noqa: S608 - our own names
            found += [
                bytes(value).decode(errors="replace") if isinstance(value, bytes | memoryview) else str(value)
                for row in cursor.fetchall()
                for value in row
            ]
    return "\n".join(found)


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


def test_who_owes_money_is_not_erased_before_it_came_in() -> None:
    order = application_in(S.CONNECTION_ESTABLISHED)
    with pytest.raises(Refused, match="150 are still owed"):
        erase_application(order, reason="Asked", actor=SYSTEM)

    record_payment(order.instalments.get(), amount=Decimal(150), reference="R-1", actor=SYSTEM)

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
    from beckn_adapter.inbox import answer_again  # noqa: PLC0415
    from beckn_adapter.resend import send_again  # noqa: PLC0415

    erase_application(ended, reason="Asked", actor=SYSTEM)
    answer_again(Message.objects.get(action="init"), timezone.now())

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
    assert data["events"][-1]["kind"] == "application.cancelled"
    assert len(data["said"]["calls_for_help"]) == 2


def test_every_table_that_hangs_on_an_application_is_handed_out(ended: Application) -> None:
    """A new table of a room is missed here, before a person misses it."""
    told = json.loads(handed_out(ended).read(f"{ended.number}/data.json"))
    known = {
        "document", "submission", "hold", "event", "eventwords", "feedback", "supportrequest", "personaldataview",
        "documentversion", "visit", "finding", "installation", "photo", "quote", "quoteline", "instalment", "payment",
        "settlement", "message", "callback",
    }  # fmt: skip
    # What tells of the utility's own work or of the network's letters and not of a person.
    other = {"meter", "conversation", "attempt", "fieldact"}

    assert {model._meta.model_name for model in _hanging_on(Application)} == known | other
    assert set(told) == {"application", "documents", "events", "said", "seen_by", "visits", "money", "messages"}


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


# --- By rule --------------------------------------------------------------------------------------------------------


def aged(order: Application, days: int) -> Application:
    moment = timezone.now() - timedelta(days=days)
    Application.objects.filter(pk=order.pk).update(ended_at=moment, updated_at=moment)
    return order


def kept(dry_run: bool = False) -> str:
    out = StringIO()
    call_command("keep_retention", dry_run=dry_run, stdout=out)
    return out.getvalue()


def test_without_a_rule_everything_stays(ended: Application) -> None:
    aged(ended, 9999)

    assert kept() == "Nothing is over its time.\n"


def test_each_part_goes_at_its_own_time(ended: Application, tmp_path: Path) -> None:
    provider = ended.provider
    provider.keep_files_days, provider.keep_messages_days, provider.keep_personal_days = 10, 20, 30
    provider.save()

    aged(ended, 9)
    assert kept() == "Nothing is over its time.\n"
    aged(ended, 11)
    assert kept() == "Went: 1 files\n"
    assert not Photo.objects.exists()
    assert Message.objects.exclude(body=b"").exists()
    aged(ended, 21)
    assert kept() == "Went: 1 messages\n"
    assert not Message.objects.exclude(body=b"").exists()
    assert Application.objects.get(pk=ended.pk).applicant_name == "Zebulon R. Quill"
    aged(ended, 31)
    assert kept() == "Went: 1 people\n"
    assert kept() == "Nothing is over its time.\n"
    assert not EventWords.objects.filter(event__application=ended).exclude(event__kind="application.erased").exists()
    assert list(verify()) == []


def test_dry_run_says_what_would_go_and_changes_nothing(ended: Application, tmp_path: Path) -> None:
    type(ended.provider).objects.update(keep_files_days=1, keep_personal_days=1)
    aged(ended, 2)
    before, files = everything_kept(), sorted(tmp_path.rglob("*"))

    assert kept(dry_run=True) == "Would go: 1 files\nWould go: 1 people\n"
    assert (everything_kept(), sorted(tmp_path.rglob("*"))) == (before, files)


def test_draft_that_was_never_ordered_goes_and_an_order_does_not() -> None:
    draft, order = aged(application(), 40), aged(application_in(S.SCHEDULED), 40)
    type(order.provider).objects.update(keep_drafts_days=30)

    assert kept() == "Went: 1 drafts\n"
    assert Application.objects.get(pk=draft.pk).applicant_name == f"Erased {draft.pk}"
    assert Application.objects.get(pk=order.pk).applicant_name == "Jonathan Park"


def test_what_must_stay_is_said_and_stops_nobody_else() -> None:
    owing = aged(application_in(S.CONNECTION_ESTABLISHED), 40)
    free = aged(application_in(S.CANCELLED), 40)
    type(owing.provider).objects.update(keep_personal_days=30)

    assert kept() == "Went: 1 people\nStays: 1 people that must stay for now\n"
    assert Application.objects.get(pk=free.pk).erased_at is not None


def test_rules_are_each_providers_own() -> None:
    ours = aged(application_in(S.CANCELLED), 40)
    type(ours.provider).objects.update(keep_personal_days=30)
    from tests.factories import provider  # noqa: PLC0415

    other = provider(code="other", area=False)
    theirs = aged(bring_to(application(offering=offering(provider=other)), S.CANCELLED), 40)

    assert kept() == "Went: 1 people\n"
    assert Application.objects.get(pk=theirs.pk).erased_at is None


def test_messages_of_no_order_go_with_the_shortest_rule() -> None:
    order = application()
    now = timezone.now()
    for n, days in enumerate((40, 1)):
        Message.objects.create(
            bap_id="b", transaction_id=f"t{n}", action="search", message_id="m", bap_uri="x", body=b"{}", digest="d",
            signature="s", state="HANDLED", due_at=now, received_at=now - timedelta(days=days),
        )  # fmt: skip
    type(order.provider).objects.update(keep_messages_days=30)

    assert kept() == "Went: 1 messages of no order\n"
    assert [bytes(row.body) for row in Message.objects.order_by("transaction_id")] == [b"", b"{}"]


def test_call_for_help_of_somebody_else_stays(ended: Application) -> None:
    ask_for_support(application=None, reference="", source="x", actor=SYSTEM, callback_phone="+14155557777")

    erase_application(ended, reason="Asked", actor=SYSTEM)

    assert SupportRequest.objects.filter(callback_phone="+14155557777").exists()
    assert Event.objects.filter(kind="application.erased").count() == 1
