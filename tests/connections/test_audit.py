"""The audit trail in the database: what lives write holds, what somebody changes past the house is named."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connections.actors import Actor
from connections.audit.verify import head_at, verify, verify_since
from connections.holding import put_on_hold
from connections.lifecycle import advance, record
from connections.models import Application, Event, EventWords, Letter
from connections.tasks import check_audit
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import Ball
from connections.voices import give_feedback
from fieldwork.models import Meter
from tests.conftest import AtOnce
from tests.factories import SYSTEM, application, application_in, provider, scheduled_application, technician

pytestmark = pytest.mark.django_db


def proof(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def told(*arguments: str) -> str:
    """What the command says when it fails with code 1."""
    with pytest.raises(CommandError) as failure:
        proof(*arguments)
    assert failure.value.returncode == 1
    return str(failure.value)


def test_whole_life_is_one_chain_that_holds() -> None:
    order = application_in(S.CONNECTION_ESTABLISHED)

    numbers = list(order.events.order_by("number").values_list("number", flat=True))

    assert numbers == list(range(1, len(numbers) + 1))
    assert set(order.events.values_list("chain", flat=True)) == {f"application-{order.pk}"}
    assert f"holds: {Event.objects.count()} events" in proof()
    assert f"application {order.number} holds" in proof("--application", order.number)
    assert proof("--application", str(order.pk))


def test_what_has_no_application_has_a_chain_of_its_own() -> None:
    house = provider()
    meters = [
        Meter.objects.create(provider=house, serial=str(n), type="SMART_METER", phase="SINGLE_PHASE", max_load_kw=10)
        for n in (1, 2)
    ]
    for meter in meters:
        advance(advance(meter, "issue", actor=SYSTEM, technician=technician()), "take_back", actor=SYSTEM)

    chains = set(Event.objects.values_list("chain", "number"))

    assert chains == {(f"meter-{meter.pk}", n) for meter in meters for n in (1, 2)}
    assert list(verify()) == []


def test_personal_words_stand_apart_from_what_the_books_keep() -> None:
    order = scheduled_application()
    advance(order, "cancel", actor=SYSTEM, reason="Mrs Park moved", reason_code="c1")

    event = Event.objects.get(kind="application.cancelled")

    assert event.facts == {"came_from": "SCHEDULED", "reason_code": "c1"}
    assert event.words.words == {"reason": "Mrs Park moved"}
    assert event.data == {"came_from": "SCHEDULED", "reason_code": "c1", "reason": "Mrs Park moved"}


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "staff eve"},
        {"kind": "application.approved"},
        {"facts": {"came_from": "APPROVED"}},
        {"at": timezone.now() - timedelta(days=9)},
        {"user_id": None, "state": "APPROVED"},
        {"seal": ""},
    ],
)
def test_changed_row_is_named(change: dict[str, Any]) -> None:
    order = application_in(S.CANCELLED)
    row = order.events.get(kind="application.cancelled")
    Event.objects.filter(pk=row.pk).update(**change)

    assert f"BROKEN application-{order.pk}, event {row.number} (row {row.pk})" in told()


def test_removed_row_is_named() -> None:
    order = application_in(S.APPROVED)
    row = order.events.get(kind="visit.scheduled", number__lt=6)
    row.delete()

    assert f"BROKEN application-{order.pk}, event {row.number}: event {row.number} is missing" in told()


def cut_loose(order: Application) -> None:
    """What hangs on an order's events goes first, as it would for whoever wants to cut them off."""
    EventWords.objects.filter(event__application=order).delete()
    Letter.objects.filter(application=order).delete()


def test_cut_off_end_is_named_where_the_state_shows_it() -> None:
    order = application_in(S.CANCELLED)
    first = order.events.get(kind="application.cancelled").number
    cut_loose(order)
    order.events.filter(number__gte=first).delete()

    assert f"event {first}: the chain ends in SCHEDULED, but the application is CANCELLED" in told()


def test_application_whose_whole_chain_went_is_named() -> None:
    order = application()
    order.events.all().delete()

    assert f"BROKEN application-{order.pk}, event 1: the application has no events at all" in told()


def test_words_that_were_changed_or_taken_are_named() -> None:
    order = application_in(S.CANCELLED)
    row = order.events.get(kind="application.cancelled")

    EventWords.objects.filter(event=row).update(words={"reason": "He wanted it so"})
    assert f"event {row.number} (row {row.pk}): its personal words are not as they were written" in told()

    EventWords.objects.filter(event=row).delete()
    assert "no erasure was recorded" in told()


def test_row_written_past_the_house_is_named() -> None:
    order = scheduled_application()
    last = order.events.order_by("number").last()
    Event.objects.create(
        application=order, chain=last.chain, number=last.number + 1, kind="application.approved", state=S.APPROVED
    )

    assert f"event {last.number + 1}" in told()


def test_one_application_is_proved_without_the_others() -> None:
    whole, broken = scheduled_application(), application()
    broken.events.update(actor="staff eve")

    assert "holds" in proof("--application", whole.number)
    assert "BROKEN" in told("--application", str(broken.pk))


def test_announcing_an_event_changes_nothing_in_the_chain() -> None:
    scheduled_application()
    Event.objects.update(announced_at=timezone.now())

    assert list(verify()) == []


def test_head_kept_elsewhere_shows_a_cut_off_end_and_a_rewritten_chain() -> None:
    order = scheduled_application()
    kept = head_at(timezone.now())
    line = ["--head", "--at", kept.at.isoformat(), "--is", kept.digest]
    advance(order, "cancel", actor=SYSTEM, reason="Moved away")
    assert kept.digest in proof(*line)

    cut = order.events.filter(at__lte=kept.at).order_by("number").last()
    cut_loose(order)
    order.events.filter(number__gte=cut.number).delete()

    assert "not the digest" in told(*line)


def test_a_kept_line_is_proved_also_where_head_was_left_out() -> None:
    scheduled_application()
    now = timezone.now().isoformat()

    assert "not the digest" in told("--at", now, "--is", "0000")
    assert proof("--head", "--at", now).startswith(f"--head --at {now} --is ")


def test_head_counts_chains_and_events() -> None:
    application()
    scheduled_application()

    head = head_at(timezone.now())

    assert (head.chains, head.events) == (2, Event.objects.count())
    assert f"({head.chains} chains, {head.events} events)" in proof("--head", "--at", head.at.isoformat())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--application", "nobody"],
        ["--head", "--at", "yesterday"],
        ["--head", "--application", "conn-order-001"],
        ["--is", "0000"],
    ],
)
def test_what_can_not_be_understood_is_another_exit_code(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as failure:
        proof(*arguments)

    assert failure.value.returncode == 2


def test_last_days_chains_are_proved_alone_and_from_their_beginning() -> None:
    old, new = application(), application()
    Event.objects.filter(application=old).update(at=F("at") - timedelta(days=9))
    opened = Event.objects.filter(application=new).get()
    Event.objects.filter(pk=opened.pk).update(actor="staff eve")

    breaks = list(verify_since(timezone.now() - timedelta(days=1)))

    assert [broken.chain for broken in breaks] == [f"application-{new.pk}"]


def test_nightly_check_says_what_is_broken_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    order = application()
    assert check_audit() == 0
    order.events.update(actor="staff eve")

    assert check_audit() == 1
    assert f"application-{order.pk}" in caplog.text


def test_proof_reads_all_rows_in_one_statement() -> None:
    for _ in range(3):
        application_in(S.SCHEDULED)

    with CaptureQueriesContext(connection) as queries:
        assert list(verify()) == []

    assert len([q for q in queries.captured_queries if q["sql"].startswith(("SELECT", "DECLARE"))]) == 2


@pytest.mark.django_db(transaction=True)
def test_many_at_once_write_one_chain(at_once: AtOnce) -> None:
    order = scheduled_application()
    acts = iter(range(100))

    def act() -> None:
        if next(acts) % 2:
            give_feedback(order, category="Order", value=Decimal(4), actor=SYSTEM, comment=str(uuid4()))
        else:
            put_on_hold(Application.objects.get(pk=order.pk), reason="Waits", ball=Ball.UTILITY, actor=Actor.system())

    at_once(16, act)

    assert order.events.filter(kind="application.rated").count() == 8
    assert list(verify()) == []


@pytest.mark.parametrize(
    ("participle", "statements"),
    [("rated", ["SELECT", "INSERT"]), ("released", ["SELECT", "INSERT", "INSERT"])],  # the second is news for somebody
)
def test_an_event_costs_one_look_at_its_chain_its_own_row_and_its_act(participle: str, statements: list[str]) -> None:
    order = application_in(S.CONNECTION_ESTABLISHED)  # the length of the chain does not matter

    with CaptureQueriesContext(connection) as queries:
        record(order, participle, actor=SYSTEM, value="5")

    assert [q["sql"].split()[0] for q in queries.captured_queries] == statements
