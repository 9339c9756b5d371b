"""By when an order is due is noted in it, without looking at every order each time."""

from datetime import date, timedelta
from itertools import count

import pytest
from django.core.cache import cache
from django.utils import timezone

from connections import due_days
from connections.due_days import note_due_days
from connections.models import Application, ServicePromise
from connections.services import amend_application
from tests.connections.test_promises import ordered, promise
from tests.factories import SYSTEM

NOW = timezone.now()
WRONG = date(2001, 1, 1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    cache.clear()


def noted(order: Application) -> date | None:
    return Application.objects.get(pk=order.pk).due_on


@pytest.mark.parametrize(("later", "is_looked_at"), [(timedelta(minutes=5), False), (timedelta(days=1), True)])
def test_an_order_of_which_no_event_tells_is_looked_at_once_a_day(later: timedelta, is_looked_at: bool) -> None:
    promise(SCHEDULED=4)
    order = ordered()
    note_due_days(NOW, 9)
    Application.objects.update(due_on=WRONG)

    note_due_days(NOW + later, 9)

    assert (noted(order) != WRONG) is is_looked_at


def test_an_order_of_which_an_event_tells_is() -> None:
    promise(SCHEDULED=4)
    told, other = ordered(), ordered()
    note_due_days(NOW, 9)
    Application.objects.update(due_on=WRONG)
    amend_application(told, changes={"applicant_name": "Ada Park"}, actor=SYSTEM)

    note_due_days(NOW + timedelta(minutes=1), 9)

    assert noted(told) not in (None, WRONG)
    assert noted(other) == WRONG


def test_a_change_of_what_is_promised_moves_every_order() -> None:
    promise(SCHEDULED=4)
    order = ordered()
    note_due_days(NOW, 9)
    before = noted(order)

    ServicePromise.objects.update(working_days=9)
    note_due_days(NOW + timedelta(minutes=5), 9)

    assert before is not None
    assert (noted(order) or before) > before


def test_when_the_time_is_over_the_next_one_goes_on_where_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    promise(SCHEDULED=4)
    orders = [ordered() for _ in range(3)]
    monkeypatch.setattr(due_days, "AT_ONCE", 1)
    passing = count()
    monkeypatch.setattr(due_days, "monotonic", lambda: next(passing))

    note_due_days(NOW, 3)
    first = [noted(order) is not None for order in orders]
    note_due_days(NOW + timedelta(minutes=5), 3)

    assert first == [True, True, False]
    assert noted(orders[2])


def test_when_a_new_round_begins_what_an_event_told_since_the_last_look_is_not_left_to_it() -> None:
    """The round may find no time for long."""
    promise(SCHEDULED=4)
    order = ordered()
    note_due_days(NOW - timedelta(days=2), 9)
    Application.objects.update(due_on=WRONG)
    amend_application(order, changes={"applicant_name": "Ada Park"}, actor=SYSTEM)

    note_due_days(timezone.now() + timedelta(hours=1), 0)

    assert noted(order) not in (None, WRONG)


def test_an_event_that_came_to_light_after_the_look_at_its_time_is_seen_by_the_next() -> None:
    """Its transaction lasted longer."""
    promise(SCHEDULED=4)
    order = ordered()
    amend_application(order, changes={"applicant_name": "Ada Park"}, actor=SYSTEM)
    look = timezone.now() + timedelta(minutes=1)
    note_due_days(look, 9)
    Application.objects.update(due_on=WRONG)

    note_due_days(look + timedelta(minutes=1), 0)

    assert noted(order) not in (None, WRONG)
