"""By when the utility has done what comes next, from what it promised and who had the ball."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from connections.documents.handing_in import hand_in_link
from connections.documents.verdicts import reject_document
from connections.figures import count_orders
from connections.holding import end_hold, put_on_hold
from connections.lifecycle import advance
from connections.models import Application, Event, Hold, Holiday, Provider, ServicePromise
from connections.promises import due_of, overdue, say_left, with_clock
from connections.tracking import next_step
from connections.vocabulary import Ball
from fieldwork.models import Visit
from fieldwork.services import assign_visit
from tests.connections.desk import boss
from tests.factories import SYSTEM, application_in, provider, scheduled_application, technician

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 5, 4, 17, tzinfo=UTC)  # 10:00 in San Francisco
FRIDAY = date(2026, 5, 8)


def promise(**days: int) -> Provider:
    promising = provider()
    for state, working_days in days.items():
        ServicePromise.objects.create(provider=promising, state=state, working_days=working_days)
    return promising


def ordered(state: str = "SCHEDULED", *, papers: bool = True) -> Application:
    """An order that came to its state on Monday 4 May, its papers handed in before."""
    application = application_in(state)
    if papers:
        for document in application.documents.all():
            hand_in_link(document, text="seen", actor=SYSTEM)
    Application.objects.update(ordered_at=MONDAY)
    Event.objects.update(at=MONDAY)
    return fresh(application)


def fresh(application: Application) -> Application:
    return Application.objects.get(pk=application.pk)


def due_day(application: Application, now: datetime = MONDAY) -> date | None:
    due = due_of(application, now)
    return due.day if due else None


def test_a_stage_is_due_so_many_working_days_after_it_was_reached() -> None:
    promise(SCHEDULED=4)

    assert due_day(ordered()) == FRIDAY


def test_holidays_and_the_providers_week_count() -> None:
    promising = promise(SCHEDULED=4)
    application = ordered()
    Holiday.objects.create(provider=promising, day=date(2026, 5, 6))

    assert due_day(fresh(application)) == date(2026, 5, 11)
    Provider.objects.update(working_weekdays=[0, 1, 2, 3, 4, 5])
    assert due_day(fresh(application)) == date(2026, 5, 9)


def test_without_a_promise_no_day_is_named() -> None:
    promise(APPROVED=2)
    application = ordered()

    step = next_step(application)

    assert due_of(application) is None
    assert step is not None
    assert step.by == ""


def test_papers_that_were_never_sent_stop_the_clock_and_sending_them_starts_it() -> None:
    promise(SCHEDULED=2)
    application = ordered(papers=False)

    assert due_of(application, MONDAY) is None
    for document in application.documents.all():
        hand_in_link(document, text="seen", actor=SYSTEM)
    Event.objects.filter(kind="document.submitted").update(at=MONDAY + timedelta(days=2))
    assert due_day(fresh(application)) == FRIDAY


def test_a_paper_that_is_wanted_again_stops_the_clock() -> None:
    promise(SCHEDULED=2)
    application = ordered()

    reject_document(application.documents.get(code="wiring"), reason="The stamp is missing", actor=SYSTEM)

    assert due_of(fresh(application), MONDAY) is None


def test_the_time_of_a_hold_is_the_applicants_or_the_utilitys() -> None:
    promise(SCHEDULED=2)
    application = ordered()
    put_on_hold(application, reason="Open the gate", ball=Ball.APPLICANT, actor=SYSTEM)
    assert due_of(fresh(application), MONDAY) is None

    end_hold(application, actor=SYSTEM)
    Hold.objects.update(opened_at=MONDAY + timedelta(hours=1), closed_at=MONDAY + timedelta(days=2))
    assert due_day(fresh(application)) == FRIDAY

    Hold.objects.update(ball=Ball.UTILITY)
    assert due_day(fresh(application)) == date(2026, 5, 6)


def test_a_window_that_was_promised_stands_in_the_place_of_the_promise() -> None:
    promise(TECHNICIAN_ASSIGNED=1)
    application = ordered()
    window = datetime(2026, 5, 12, 21, tzinfo=UTC)
    Visit.objects.update(window_start=window, window_end=window + timedelta(hours=2))
    assign_visit(application.visits.get(), technician=technician(), actor=SYSTEM)

    assert due_day(fresh(application)) == date(2026, 5, 12)


def test_the_page_says_by_when_and_how_near_that_is(monkeypatch: pytest.MonkeyPatch) -> None:
    promise(SCHEDULED=4)
    application = ordered()

    for now, words in (
        (datetime(2026, 5, 6, 17, tzinfo=UTC), "By Friday 8 May (2 working days left)."),
        (datetime(2026, 5, 8, 17, tzinfo=UTC), "By Friday 8 May (today)."),
        (datetime(2026, 5, 12, 17, tzinfo=UTC), "This should have been done by Friday 8 May: we are late."),
    ):
        monkeypatch.setattr("django.utils.timezone.now", lambda now=now: now)
        step = next_step(fresh(application))
        assert step is not None
        assert step.by == words
        assert step.is_late == words.endswith("late.")


def test_what_is_over_is_not_due() -> None:
    promise(CONNECTION_ESTABLISHED=1)

    assert due_of(ordered("CONNECTION_ESTABLISHED", papers=False)) is None


def test_a_list_reads_the_clock_of_all_its_orders_at_once(django_assert_max_num_queries: object) -> None:
    promise(SCHEDULED=4)
    for n in range(3):
        application_in("SCHEDULED", source_reference=str(n))
    rows = with_clock(Application.objects.all())

    with django_assert_max_num_queries(11):  # type: ignore[operator]
        days = [due_of(row) for row in rows if row.fulfillment_state == "SCHEDULED"]

    assert len(days) == 3


@pytest.mark.parametrize("days", [[], [7], ["Monday"], 5, [True]])
def test_a_week_is_a_list_of_weekdays(days: object) -> None:
    with pytest.raises(ValidationError):
        Provider(code="x", name="X", currency="USD", order_prefix="x", working_weekdays=days).full_clean()


def test_how_late_it_is_counts_working_days() -> None:
    promise(SCHEDULED=1)
    due = due_of(ordered(), datetime(2026, 5, 7, 17, tzinfo=UTC))

    assert due is not None
    assert say_left(due) == "2 working days late"


# --- Finding them ---------------------------------------------------------------------------------------------------


def found(now: datetime) -> list[int]:
    return [row.pk for row in overdue(Application.objects.all(), now)]


def test_orders_past_their_promise_are_found_by_the_day_that_a_worker_noted() -> None:
    promise(SCHEDULED=4)
    late, paused, ended = ordered(), ordered(), ordered()
    put_on_hold(paused, reason="Which building?", ball=Ball.APPLICANT, actor=SYSTEM)
    changed = fresh(late).updated_at
    count_orders()
    advance(fresh(ended), "cancel", actor=SYSTEM, reason="Moved away")

    midnight = datetime(2026, 5, 9, 7, tzinfo=UTC)  # in San Francisco
    assert found(midnight - timedelta(seconds=1)) == []
    assert found(midnight) == [late.pk]
    assert fresh(late).updated_at == changed  # it is told as the state's own time


def test_a_promise_that_is_not_open_any_more_is_forgotten() -> None:
    promise(SCHEDULED=4)
    late = ordered()
    count_orders()
    put_on_hold(fresh(late), reason="Which building?", ball=Ball.APPLICANT, actor=SYSTEM)

    count_orders()

    assert fresh(late).due_on is None


def test_staff_filter_the_list_by_it() -> None:
    promise(SCHEDULED=4)
    late = ordered()
    on_time = scheduled_application()
    count_orders()

    client, address = boss(), "/admin/connections/application/"
    listed = client.get(address, {"due": "over"}).context["cl"].result_list

    assert [row.pk for row in listed] == [late.pk]
    assert on_time.pk in {row.pk for row in client.get(address).context["cl"].result_list}
