"""The technician's phone: one next step a screen, and own visits only."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.html import strip_tags

from connections.models import Event
from fieldwork.models import Visit, VisitState
from fieldwork.services import call_off_visits
from tests.factories import SYSTEM, provider, staff, technician
from tests.fieldwork.phone import FINDINGS, assigned, camera, fill_in, hidden_fields, page, press
from tests.fieldwork.premises import (
    assessment,
    give_window,
    phone_of,
    ravi,
    state_of,
)

pytestmark = pytest.mark.django_db


# --- Who gets in ------------------------------------------------------------------------------------------------------


def test_who_is_not_logged_in_is_sent_to_the_login_and_from_there_to_the_day(client: Client) -> None:
    worker = ravi()
    assert worker.user is not None
    worker.user.set_password("a long walk home")
    worker.user.save()

    asked = client.get("/field/")
    shown = client.get(asked["Location"]).content.decode()
    entered = client.post(
        asked["Location"], {"username": worker.user.username, "password": "a long walk home", "next": "/field/"}
    )

    assert asked["Location"] == "/field/login/?next=/field/"
    assert "Log in to see your visits" in shown
    assert entered["Location"] == "/field/"


def test_wrong_password_is_said_and_the_name_is_kept(client: Client) -> None:
    answer = client.post("/field/login/", {"username": "ravi", "password": "wrong"}).content.decode()

    assert "You are not logged in" in answer
    assert 'value="ravi"' in answer


def test_who_is_no_technician_reads_so() -> None:
    client = Client()
    client.force_login(staff())

    answer = client.get("/field/")

    assert answer.status_code == 403
    assert "is not a technician here" in answer.content.decode()


def test_technician_who_left_sees_nothing() -> None:
    worker = ravi(active=False)

    assert phone_of(worker).get("/field/").status_code == 403


def test_another_technicians_visit_is_not_found() -> None:
    visit, stranger = assigned(ravi()), ravi(name="Ana Silva")
    client = phone_of(stranger)

    answers = [
        client.get(page(visit)),
        client.get(page(visit, "no-access")),
        press(client, visit, "set-out"),
        fill_in(client, visit, "findings", **FINDINGS),
        client.post(page(visit, "photos"), {"kind": "PREMISES", "photo": camera()}),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert state_of(visit) == VisitState.ASSIGNED


def test_who_had_a_visit_reads_who_has_it_now_and_nothing_of_the_applicant() -> None:
    worker = ravi()
    visit = assigned(ravi(name="Ana Silva"), assigned(worker))
    client = phone_of(worker)

    answers = [
        client.get(page(visit)),
        client.get(page(visit, "no-access")),
        press(client, visit, "set-out"),
        client.post(page(visit, "photos"), {"kind": "PREMISES", "photo": camera()}),
    ]

    assert {answer.status_code for answer in answers} == {409}
    for answer in answers:
        shown = answer.content.decode()
        assert "The office gave this visit to Ana Silva." in shown
        assert "Valencia" not in shown
        assert "Jonathan" not in shown
    assert state_of(visit) == VisitState.ASSIGNED


def test_technician_of_another_provider_is_told_no_name_even_if_it_is_the_same_one() -> None:
    visit = assigned(ravi())
    namesake = ravi(provider=provider(code="oakland", name="Oakland Power", area=False))

    assert phone_of(namesake).get(page(visit)).status_code == 404


def test_pages_run_no_script_but_ours() -> None:
    worker = ravi()
    visit = assigned(worker)

    for address in ("/field/", page(visit), "/field/login/"):
        answer = phone_of(worker).get(address)
        assert "script-src 'self'" in answer["Content-Security-Policy"]
        assert " style=" not in answer.content.decode()
        assert "<script>" not in answer.content.decode()


# --- The day ----------------------------------------------------------------------------------------------------------


def test_empty_day_says_what_would_fill_it() -> None:
    answer = phone_of(ravi()).get("/field/").content.decode()

    assert "No visits today" in answer
    assert "When the office gives you a visit, it stands here" in answer


def test_a_day_of_closed_doors_is_a_day_done() -> None:
    worker = ravi()
    visit, client = assigned(worker), phone_of(worker)
    fill_in(client, visit, "no-access", why="Nobody was there", photo=camera())

    answer = client.get("/field/").content.decode()

    assert "You are done for today" in answer
    assert '<span class="badge badge-warn">No access, ' in answer
    assert f'href="{page(visit)}"' in answer


def test_a_door_that_was_closed_yesterday_is_no_news_today() -> None:
    worker = ravi()
    visit, client = assigned(worker), phone_of(worker)
    fill_in(client, visit, "no-access", why="Nobody was there", photo=camera())
    visit.acts.update(received_at=timezone.now() - timedelta(days=1))

    assert "No visits today" in client.get("/field/").content.decode()


def test_next_address_stands_first_with_its_one_button() -> None:
    worker = ravi()
    late = assigned(worker, give_window(assessment(), timezone.now() - timedelta(days=1)))

    answer = phone_of(worker).get("/field/").content.decode()

    assert "123 Valencia Street" in answer
    assert "Late" in answer
    assert answer.count('class="button button-wide"') == 1
    assert page(late, "step", "set-out") in answer


def test_visits_of_the_days_to_come_are_told_and_not_offered_yet() -> None:
    worker = ravi()
    visit = assigned(worker, give_window(assessment(), timezone.now() + timedelta(days=1, hours=1)))

    answer = phone_of(worker).get("/field/").content.decode()

    assert "No visits today" in answer
    assert f'href="{page(visit)}"' in answer


def test_times_are_shown_on_the_providers_clock_with_the_weekday() -> None:
    kolkata = provider(code="bescom", time_zone="Asia/Kolkata", area=False)
    worker = ravi(provider=kolkata)
    visit = give_window(assessment(), timezone.now().replace(year=2026, month=12, day=1, hour=3, minute=30))
    type(visit.application).objects.filter(pk=visit.application_id).update(provider=kolkata)
    Visit.objects.filter(pk=visit.pk).update(technician=worker)

    answer = phone_of(worker).get(page(visit)).content.decode()

    words = " ".join(strip_tags(answer.split("<main")[1]).split())
    assert "Tuesday 1 December, 09:00–12:00 IST" in words


# --- One visit --------------------------------------------------------------------------------------------------------


def test_visit_says_who_where_and_how_to_reach_them() -> None:
    worker = ravi()

    answer = phone_of(worker).get(page(assigned(worker))).content.decode()

    assert "Jonathan Park" in answer
    assert 'href="tel:+14155553333"' in answer
    assert 'href="geo:37.774921,-122.419424?q=' in answer


def test_position_in_doubt_is_not_put_on_the_map() -> None:
    worker = ravi()
    visit = assigned(worker)
    type(visit.application).objects.filter(pk=visit.application_id).update(longitude=Decimal("122.419424"))

    assert 'href="geo:0,0?q=123%20Valencia%20Street"' in phone_of(worker).get(page(visit)).content.decode()


def test_the_big_button_leads_from_step_to_step() -> None:
    worker = ravi()
    visit, client = assigned(worker), phone_of(worker)

    press(client, visit, "set-out")
    assert (state_of(visit), "I am here" in client.get(page(visit)).content.decode()) == (VisitState.EN_ROUTE, True)

    press(client, visit, "arrive")
    assert state_of(visit) == VisitState.ON_SITE
    assert "Write down the findings" in client.get(page(visit)).content.decode()


def test_the_same_press_twice_is_one_step() -> None:
    worker = ravi()
    visit, client, twice = assigned(worker), phone_of(worker), {"client_id": str(uuid4())}

    answers = [client.post(page(visit, "step", "set-out"), twice) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Event.objects.filter(kind="visit.en_route").count() == 1


def test_a_step_that_is_not_open_says_so_and_changes_nothing() -> None:
    worker = ravi()
    visit, client = assigned(worker), phone_of(worker)
    call_off_visits(visit.application, reason="Moved away", actor=SYSTEM)

    answer = press(client, visit, "set-out")

    assert answer.status_code == 409
    assert "it can not set out now" in answer.content.decode()
    assert "This visit was called off" in answer.content.decode()


def test_setting_out_for_a_visit_that_was_moved_says_to_when_and_tells_nobody() -> None:
    worker = ravi()
    visit, client = assigned(worker, give_window(assessment(), timezone.now())), phone_of(worker)
    shown = hidden_fields(client.get(page(visit)))
    give_window(visit, timezone.now().replace(year=2030, month=12, day=11, hour=17, minute=0))

    answer = client.post(page(visit, "step", "set-out"), {**shown, "confirmed": "yes"})

    assert answer.status_code == 409
    assert "This visit was moved to Wednesday 11 December, 09:00–12:00." in answer.content.decode()
    assert state_of(visit) == VisitState.ASSIGNED


def test_setting_out_for_another_day_is_asked_once() -> None:
    worker = ravi()
    later = timezone.now().replace(year=2030, month=12, day=11, hour=17, minute=0)
    visit, client = assigned(worker, give_window(assessment(), later)), phone_of(worker)

    asked = client.post(page(visit, "step", "set-out"), hidden_fields(client.get(page(visit))))
    before = state_of(visit)
    told = client.post(page(visit, "step", "set-out"), {**hidden_fields(asked), "confirmed": "yes"})

    assert "This visit is on Wednesday 11 December, 09:00–12:00." in asked.content.decode()
    assert before == VisitState.ASSIGNED
    assert (told.status_code, state_of(visit)) == (302, VisitState.EN_ROUTE)


def test_setting_out_for_today_is_asked_nothing() -> None:
    worker = ravi()
    visit, client = assigned(worker, give_window(assessment(), timezone.now())), phone_of(worker)

    client.post(page(visit, "step", "set-out"), hidden_fields(client.get("/field/")))

    assert state_of(visit) == VisitState.EN_ROUTE


def test_a_press_without_its_id_or_of_no_button_is_refused() -> None:
    worker = ravi()
    visit, client = assigned(worker), phone_of(worker)

    assert client.post(page(visit, "step", "set-out"), {}).status_code == 409
    assert press(client, visit, "fly").status_code == 404
    assert client.get(page(visit, "fly")).status_code == 404
    assert state_of(visit) == VisitState.ASSIGNED


def test_technician_without_permission_moves_nothing() -> None:
    worker = ravi()
    assert worker.user is not None
    worker.user.groups.clear()
    visit = assigned(worker)

    answer = press(phone_of(worker), visit, "set-out")

    assert "may not set out this" in answer.content.decode()
    assert state_of(visit) == VisitState.ASSIGNED


def test_a_technician_without_a_login_has_no_phone_page() -> None:
    technician()

    assert Client().get("/field/").status_code == 302
