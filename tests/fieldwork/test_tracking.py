"""What the applicant's page says of a visit: that it comes, that it is late, and that nobody came."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from connections.documents.handing_in import hand_in_link
from fieldwork.models import Slot, Visit
from fieldwork.services import arrive, assign_visit, set_out
from tests.factories import SYSTEM, scheduled_application, technician

pytestmark = pytest.mark.django_db
SF = ZoneInfo("America/Los_Angeles")
MONDAY = datetime(2026, 11, 30, tzinfo=SF)
ONE, FOUR = MONDAY.replace(hour=13), MONDAY.replace(hour=16)
AT_NOON, AT_HALF_PAST_FOUR, ON_TUESDAY = MONDAY.replace(hour=12), FOUR.replace(minute=30), MONDAY + timedelta(days=1)
NOBODY_CAME = '<h1 class="lead" id="answer">Nobody came on Monday 30 November: we are sorry</h1>'
WE_ARE_LATE = '<h1 class="lead" id="answer">We are late for your visit today: we are sorry</h1>'


@pytest.fixture
def visit() -> Visit:
    """An assessment on a Monday from 13 to 16, with a technician; all papers are here."""
    application = scheduled_application()
    Slot.objects.create(provider=application.provider, name="Afternoon", starts=time(13), ends=time(16))
    for document in application.documents.all():
        hand_in_link(document, text="seen", actor=SYSTEM)
    Visit.objects.update(window_start=ONE.astimezone(UTC), window_end=FOUR.astimezone(UTC))
    return assign_visit(application.visits.get(), technician=technician(), actor=SYSTEM)


def page_at(now: datetime, visit: Visit, monkeypatch: pytest.MonkeyPatch) -> str:
    """The page as it is read at that time."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: now.astimezone(UTC))
    return " ".join(Client().get(f"/track/{visit.application.tracking_id}/").content.decode().split())


def test_a_visit_to_come_is_announced(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page_at(AT_NOON, visit, monkeypatch)

    assert "Your technician comes on Monday 30 November, 13:00–16:00" in text
    assert "Change the time" not in text  # the evening before is over


def test_a_visit_that_nobody_came_to_is_said_first_with_what_follows(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = page_at(ON_TUESDAY, visit, monkeypatch)

    assert NOBODY_CAME in text
    assert "comes on" not in text
    assert "The assessment was planned for Monday 30 November, 13:00–16:00" in text
    assert "We plan another time and tell you." in text
    assert ">Choose another time</a>" in text


def test_on_the_day_itself_a_visit_that_nobody_came_to_is_late(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page_at(AT_HALF_PAST_FOUR, visit, monkeypatch)

    assert WE_ARE_LATE in text
    assert "Ravi may still come today." in text
    assert ">Choose another time</a>" in text


def test_that_nobody_came_is_said_before_the_papers_that_are_wanted(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.application.documents.update(state="PENDING")

    text = page_at(ON_TUESDAY, visit, monkeypatch)

    assert NOBODY_CAME in text
    assert "Next: You" in text


def test_nobody_came_either_where_no_technician_was_put_on_the_visit(monkeypatch: pytest.MonkeyPatch) -> None:
    order = scheduled_application()
    Visit.objects.update(window_start=ONE.astimezone(UTC), window_end=FOUR.astimezone(UTC))

    assert NOBODY_CAME in page_at(ON_TUESDAY, order.visits.get(), monkeypatch)


def test_a_window_without_an_end_lasts_until_the_day_is_over(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    Visit.objects.update(window_end=None)

    assert "Your technician comes on Monday 30 November, 13:00" in page_at(AT_HALF_PAST_FOUR, visit, monkeypatch)
    assert NOBODY_CAME in page_at(ON_TUESDAY, visit, monkeypatch)


@pytest.mark.parametrize(("act", "answer"), [(set_out, "Your technician is on the way"), (arrive, "is with you")])
def test_a_technician_who_is_under_way_is_told_however_late(
    visit: Visit, monkeypatch: pytest.MonkeyPatch, act: object, answer: str
) -> None:
    act(visit, actor=SYSTEM)  # type: ignore[operator]

    text = page_at(AT_HALF_PAST_FOUR, visit, monkeypatch)

    assert answer in text
    assert "we are sorry" not in text
    assert "Choose another time" not in text
