"""What is kept no longer than a provider's rule says: each part at its own time, and nothing before."""

from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from beckn_adapter.models import Message
from connections.audit.verify import verify
from connections.models import Application, EventWords
from connections.tasks import keep_retention
from connections.vocabulary import ApplicationState as S
from fieldwork.models import Photo
from tests.connections.zebulon import ended_order, everything_kept
from tests.factories import application, application_in, bring_to, offering, provider

pytestmark = pytest.mark.django_db


@pytest.fixture
def ended(settings: Any, tmp_path: Path) -> Application:
    settings.MEDIA_ROOT = tmp_path / "files"
    return ended_order()


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

    assert kept(dry_run=True) == "Would go: 1 messages of no order\n"
    assert kept() == "Went: 1 messages of no order\n"
    assert [row.transaction_id for row in Message.objects.all()] == ["t1"]


def test_nightly_job_keeps_to_the_rules() -> None:
    order = aged(application_in(S.CANCELLED), 40)
    type(order.provider).objects.update(keep_personal_days=30)

    assert (keep_retention(), keep_retention()) == (1, 0)
