"""Statements that are worded once: they answer, keep and write what Django's own would."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.models import Model, prefetch_related_objects
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import Quote
from connections.lifecycle import advance
from connections.models import Application, Event, EventWords, Letter
from connections.worded import Beside, Key, Question
from fieldwork.models import Visit
from tests.factories import SYSTEM, application, scheduled_application, technician

pytestmark = pytest.mark.django_db


def columns(row: Model) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def statements(act: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        act()
    return [query["sql"] for query in seen]


# --- Asking ---------------------------------------------------------------------------------------------------------


def test_a_question_is_answered_for_each_key_as_its_queryset_would_be() -> None:
    one, other = scheduled_application(), application()
    ask = Question(lambda: Application.objects.filter(pk=Key(0)))

    assert [columns(row) for row in ask(one.pk)] == [columns(Application.objects.get(pk=one.pk))]
    assert [columns(row) for row in ask(other.pk)] == [columns(Application.objects.get(pk=other.pk))]
    assert ask(0) == []


def test_a_question_may_have_several_keys_and_a_way_through_other_tables() -> None:
    order = scheduled_application()
    ask = Question(lambda: Event.objects.filter(application__source=Key(1), application=Key(0)))

    assert ask(order.pk, order.source) == list(order.events.all())
    assert ask(order.pk, "somebody else") == []


def test_values_are_answered_as_tuples() -> None:
    order = scheduled_application()
    ask = Question(lambda: Event.objects.filter(application=Key(0)).order_by("-number").values_list("number", "facts"))

    assert [tuple(row) for row in ask(order.pk)] == [*order.events.order_by("-number").values_list("number", "facts")]


def test_what_is_selected_with_a_row_needs_no_second_look() -> None:
    order, worker = scheduled_application(), technician()
    Visit.objects.update(technician=worker)
    ask = Question(lambda: Visit.objects.filter(application=Key(0)).select_related("technician"))
    (visit,) = ask(order.pk)

    assert statements(lambda: visit.technician) == []
    assert visit.technician == worker


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only() -> None:
    order = scheduled_application()
    ask = Question(lambda: Application.objects.select_for_update().filter(pk=Key(0)))
    with transaction.atomic():
        assert ask(order.pk) == [order]

    with pytest.raises(transaction.TransactionManagementError):
        ask(order.pk)


# --- Beside ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("relation", ["documents", "events", "instalments", "visits"])
def test_rows_beside_another_are_those_that_django_would_prefetch(relation: str) -> None:
    order, same = scheduled_application(), Application.objects.get()
    prefetch_related_objects([same], relation)

    Beside(Application, relation)(order)

    rows: list[Model] = []
    assert statements(lambda: rows.extend(getattr(order, relation).all())) == []
    assert [columns(row) for row in rows] == [columns(row) for row in getattr(same, relation).all()]
    assert all(row.application is order for row in rows)  # type: ignore[attr-defined]


def test_they_are_read_once_and_anew_after_one_was_added() -> None:
    order, holds = scheduled_application(), Beside(Application, "holds")
    holds(order)

    assert statements(lambda: holds(order)) == []
    order.holds.create(reason="The street is closed", ball="UTILITY")
    assert [hold.reason for hold in order.holds.all()] == ["The street is closed"]


def test_a_narrower_question_about_them_is_a_question_of_its_own() -> None:
    order = scheduled_application()
    Beside(Application, "documents")(order)

    assert order.documents.filter(code="wiring").get().code == "wiring"
    assert order.documents.filter(code="none such").count() == 0


def test_the_one_row_beside_another_knows_it() -> None:
    order = scheduled_application()
    Beside(Application, "quote")(order)
    Beside(Quote, "lines")(order.quote)

    assert statements(lambda: [order.quote.application, order.quote.total]) == []
    assert order.quote == Quote.objects.get()


def test_a_row_that_has_none_beside_it_is_not_asked_again() -> None:
    order = scheduled_application()
    Quote.objects.all().delete()
    order = Application.objects.get(pk=order.pk)

    Beside(Application, "quote")(order)

    assert statements(lambda: getattr(order, "quote", None)) == []
    assert getattr(order, "quote", None) is None


# --- Writing --------------------------------------------------------------------------------------------------------


def test_a_new_row_is_in_the_database_as_it_is_in_hand() -> None:
    order = scheduled_application()
    event = Event(application=order, chain="test-1", number=1, kind="test.done", actor="a test", facts={"a": [1, "é"]})

    event.save(force_insert=True)
    words = EventWords.objects.create(event=event, salt="0" * 32, words={"name": "Maria"})
    letter = Letter.objects.create(application=order, event=event, due_at=timezone.now())

    for row in (event, words, letter):
        assert row.pk
        assert columns(type(row).objects.get(pk=row.pk)) == columns(row)  # type: ignore[attr-defined]


def test_a_row_that_is_saved_again_is_in_the_database_as_it_is_in_hand() -> None:
    letter = Letter.objects.create(
        application=(order := scheduled_application()), event=order.events.last(), due_at=timezone.now()
    )
    letter.subject, letter.attempts = "An é", 2

    letter.save()
    assert columns(Letter.objects.get(pk=letter.pk)) == columns(letter)

    letter.subject, letter.problem = "Not to be saved", "It rains"
    letter.save(update_fields=["problem"])
    saved = Letter.objects.get(pk=letter.pk)
    assert (saved.subject, saved.problem) == ("An é", "It rains")


def test_a_row_that_is_gone_can_not_be_changed() -> None:
    order = scheduled_application()
    letter = Letter.objects.create(application=order, event=order.events.last(), due_at=timezone.now())
    Letter.objects.filter(pk=letter.pk).delete()

    with pytest.raises(DatabaseError):
        letter.save(update_fields=["problem"])


def test_whoever_listens_hears_of_it() -> None:
    heard: list[Any] = []

    def listen(instance: Letter, created: bool, **_: Any) -> None:
        heard.append((instance, created))

    event = scheduled_application().events.get(kind="application.opened")
    post_save.connect(listen, sender=Letter)
    try:
        letter = Letter.objects.create(application=event.application, event=event, due_at=timezone.now())
    finally:
        post_save.disconnect(listen, sender=Letter)

    assert heard == [(letter, True)]


def test_a_step_writes_what_it_changes_and_no_more() -> None:
    order = application()
    Application.objects.filter(pk=order.pk).update(attention="Look at this")
    before = Application.objects.get(pk=order.pk)

    seen = statements(lambda: advance(order, "schedule", actor=SYSTEM))

    (written,) = [sql for sql in seen if sql.startswith("UPDATE") and "connections_application" in sql]
    after, changed = Application.objects.get(pk=order.pk), {"number", "fulfillment_state", "ordered_at", "updated_at"}
    assert {name for name, value in columns(after).items() if value != columns(before)[name]} == changed
    assert written.count(" = ") == len(changed) + 2  # and by which row it is, in which state it was
