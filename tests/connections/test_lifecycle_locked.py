"""The one door for those who hold the row's lock already."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django_fsm import ConcurrentTransition

from connections.lifecycle import advance, advance_locked
from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from tests.factories import SYSTEM, application

pytestmark = pytest.mark.django_db


def test_a_row_that_was_read_under_its_lock_moves_itself_and_is_not_read_again() -> None:
    with transaction.atomic():
        locked = Application.objects.select_for_update().get(pk=application().pk)
        with CaptureQueriesContext(connection) as seen:
            advance_locked(locked, "schedule", actor=SYSTEM)

    assert locked.fulfillment_state == S.SCHEDULED
    assert [query["sql"] for query in seen if 'FROM "connections_application"' in query["sql"]] == []


def test_a_row_that_was_said_to_be_locked_and_has_moved_is_not_moved_again() -> None:
    unlocked = application()
    advance(unlocked, "schedule", actor=SYSTEM)

    with pytest.raises(ConcurrentTransition), transaction.atomic():
        advance_locked(unlocked, "schedule", actor=SYSTEM)

    assert Event.objects.filter(kind="application.scheduled").count() == 1
