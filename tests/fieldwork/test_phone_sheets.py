"""The forms of a visit: nothing typed is lost, and what can not be undone is read once more."""

from decimal import Decimal
from uuid import uuid4

import pytest

from connections.models import Event
from connections.vocabulary import ApplicationState as S
from fieldwork.models import Finding, Installation, Photo, Visit, VisitState
from fieldwork.services import call_off_visits
from tests.factories import SYSTEM
from tests.fieldwork.phone import FINDINGS, TYPED, assigned, camera, fill_in, page
from tests.fieldwork.premises import (
    assessment,
    installation,
    meter,
    on_site,
    phone_of,
    ravi,
    ready_to_install,
    state_of,
)

pytestmark = pytest.mark.django_db


# --- The findings -----------------------------------------------------------------------------------------------------


def test_findings_are_sent_with_their_photo_in_one_go() -> None:
    worker = ravi()
    visit, client = on_site(assessment(), worker), phone_of(worker)

    answer = fill_in(client, visit, "findings", **FINDINGS, photo=camera(), photo_id=str(uuid4()))

    assert answer["Location"] == page(visit)
    assert Finding.objects.get().load_kw == Decimal("8.5")
    assert state_of(visit.application) == S.ASSESSMENT_COMPLETED
    assert "The findings are with the office" in client.get(page(visit)).content.decode()


def test_what_is_wrong_is_said_on_top_and_beside_and_nothing_typed_is_lost() -> None:
    worker = ravi()
    visit, client = on_site(assessment(), worker), phone_of(worker)

    answer = fill_in(client, visit, "findings", **{**FINDINGS, "load_kw": "", "notes": "Mind the dog"}, photo=camera())
    shown = answer.content.decode()

    assert answer.status_code == 422
    assert shown.count("Give the load in kW, for example 10.") == 2
    assert 'href="#id_load_kw"' in shown
    assert "Mind the dog" in shown
    assert f"/field/photos/{Photo.objects.get().pk}/" in shown  # the photo was kept


def test_findings_without_a_photo_wait_for_one() -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)

    answer = fill_in(phone_of(worker), visit, "findings", **FINDINGS)

    assert "Take a photo of the premises." in answer.content.decode()
    assert not Finding.objects.exists()


def test_what_is_not_feasible_needs_its_reason_and_no_figures() -> None:
    worker = ravi()
    visit, client = on_site(assessment(), worker), phone_of(worker)
    no = {"feasible": "no", "phase": "SINGLE_PHASE"}

    first = fill_in(client, visit, "findings", **no, photo=camera())
    fill_in(client, visit, "findings", **no, works_needed="A new pole")

    assert "Say why it can not be made" in first.content.decode()
    assert (Finding.objects.get().feasible, Finding.objects.get().works_needed) == (False, "A new pole")


# --- The installation -------------------------------------------------------------------------------------------------


def test_power_goes_on_after_it_was_read_once_more() -> None:
    worker = ravi()
    visit, client = ready_to_install(worker), phone_of(worker)
    typed = {**TYPED, "client_id": str(uuid4())}

    check = client.post(page(visit, "installation"), typed)
    assert "Turn the power on" in check.content.decode()
    assert state_of(visit.application) == S.APPROVED

    client.post(page(visit, "installation"), {**typed, "confirmed": "yes"})
    shown = client.get(page(visit)).content.decode()
    assert state_of(visit.application) == S.CONNECTION_ESTABLISHED
    assert "The power is on" in shown
    assert Installation.objects.get().distance_m == 0


def test_whoever_wants_to_change_something_finds_it_as_it_was_typed() -> None:
    worker = ravi()
    visit = ready_to_install(worker)

    answer = fill_in(phone_of(worker), visit, "installation", **TYPED, change="yes")

    assert 'value="S-77"' in answer.content.decode()
    assert state_of(visit) == VisitState.ON_SITE


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"serial": "1234"}, "serial", "No meter of ours has this serial number."),
        ({"reading_again": "0.5"}, "reading_again", "The two readings differ."),
        ({"seal_number": ""}, "seal_number", "Type the number of the seal."),
        ({"reading": "five"}, "reading", "Reading: write a number of kWh, like 8 or 12.5."),
        ({"reading": "-1"}, "reading", "Reading: write 0 kWh or more."),
        ({"reading": "0.4567"}, "reading", "Reading: write at most 3 digits after the point."),
        ({"reading": "1234567890"}, "reading", "Reading: write at most 9 digits before the point."),
        ({"latitude": "37.8"}, "position_reason", "m from the premises."),
        ({"latitude": "", "longitude": ""}, "position_reason", "Your position is missing."),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(typed: dict[str, str], field: str, sentence: str) -> None:
    worker = ravi()
    visit = ready_to_install(worker)

    shown = fill_in(phone_of(worker), visit, "installation", **{**TYPED, **typed}).content.decode()

    assert f'href="#id_{field}"' in shown
    assert sentence in shown
    assert not Installation.objects.exists()


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("12,345", "write 12345, or 12.345 with a point."),
        (" 1,234,567 ", "write 1234567."),
    ],
)
def test_a_reading_that_may_mean_thousands_is_asked_back(typed: str, sentence: str) -> None:
    worker = ravi()
    visit = ready_to_install(worker)
    read = {**TYPED, "reading": typed, "reading_again": typed}

    answer = fill_in(phone_of(worker), visit, "installation", **read)
    shown = answer.content.decode()

    assert answer.status_code == 422
    assert shown.count(f"Reading: {sentence}") == 2  # on top and beside
    assert shown.count(f"The same reading, once more: {sentence}") == 2


@pytest.mark.parametrize(("typed", "read"), [("0,345", "0.345"), ("12,5", "12.5"), ("12345,6", "12345.6")])
def test_a_comma_that_can_only_be_a_point_is_one(typed: str, read: str) -> None:
    worker = ravi()
    visit = ready_to_install(worker)

    shown = fill_in(phone_of(worker), visit, "installation", **{**TYPED, "reading": typed, "reading_again": typed})

    assert f"{read}&nbsp;kWh" in shown.content.decode()


def test_a_load_with_a_comma_for_thousands_is_no_load_of_one_and_a_bit() -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)

    shown = fill_in(phone_of(worker), visit, "findings", **{**FINDINGS, "load_kw": "1,250"}).content.decode()

    assert "Load that the service can carry: write 1250." in shown


def test_a_number_is_read_out_with_its_unit_and_what_is_wrong_with_it() -> None:
    worker = ravi()
    visit = ready_to_install(worker)

    shown = fill_in(phone_of(worker), visit, "installation", **{**TYPED, "reading": "five"}).content.decode()

    assert 'aria-describedby="id_reading_unit id_reading_error"' in shown
    assert '<span class="unit" id="id_reading_unit">kWh</span>' in shown


def test_power_twice_pressed_goes_on_once() -> None:
    worker = ravi()
    visit, client = ready_to_install(worker), phone_of(worker)
    typed = {**TYPED, "client_id": str(uuid4()), "confirmed": "yes"}

    answers = [client.post(page(visit, "installation"), typed) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [302, 302]
    assert Event.objects.filter(kind="application.connection_established").count() == 1


def test_installation_of_an_order_that_is_not_approved_is_not_offered() -> None:
    worker = ravi()
    order = assessment().application
    visit = on_site(Visit.objects.create(application=order, kind=Visit.Kind.INSTALLATION), worker)

    shown = phone_of(worker).get(page(visit)).content.decode()

    assert "This order is not approved yet" in shown
    assert page(visit, "installation") not in shown


def test_meters_in_the_car_are_proposed() -> None:
    worker = ravi()
    visit = on_site(installation(), worker)
    meter(serial="IN-MY-CAR", state="ISSUED", technician=worker)

    assert '<option value="IN-MY-CAR">' in phone_of(worker).get(page(visit, "installation")).content.decode()


# --- When it does not come about --------------------------------------------------------------------------------------


def test_no_access_is_reported_with_reason_and_photo_and_another_visit_opens() -> None:
    worker = ravi()
    visit, client = assigned(worker), phone_of(worker)

    fill_in(client, visit, "no-access", why="Nobody was there", more="Rang twice", photo=camera())

    ended = Visit.objects.get(pk=visit.pk)
    assert (ended.state, ended.reason) == (VisitState.NO_ACCESS, "Nobody was there. Rang twice")
    assert (ended.follow_up.kind, ended.follow_up.state) == (Visit.Kind.ASSESSMENT, VisitState.SCHEDULED)
    assert "The office plans another visit." in client.get(page(visit)).content.decode()


def test_a_reason_is_asked_and_a_photo_where_it_is_safe_to_take_one() -> None:
    worker = ravi()
    visit, client = on_site(assessment(), worker), phone_of(worker)

    nothing = fill_in(client, visit, "no-access", photo=camera()).content.decode()
    Photo.objects.all().delete()
    no_photo = fill_in(client, visit, "incomplete", why="Bad weather").content.decode()
    unsafe = fill_in(client, visit, "unsafe", why="other", more="Gas smell")

    assert "Say why: the applicant will read it." in nothing
    assert "Take a photo that shows why." in no_photo
    assert unsafe.status_code == 302
    assert state_of(visit) == VisitState.UNSAFE


def test_a_form_that_is_not_open_now_leads_back_to_the_visit() -> None:
    worker = ravi()
    visit = assigned(worker)

    answer = phone_of(worker).get(page(visit, "findings"), follow=True)

    assert answer.redirect_chain == [(page(visit), 302)]
    assert "That is not open for this visit now." in answer.content.decode()


@pytest.mark.parametrize("load", ["8,5", ""], ids=["whole", "with a mistake in it"])
def test_findings_of_a_visit_that_was_called_off_meanwhile_are_shown_to_be_copied(load: str) -> None:
    worker = ravi()
    visit = on_site(assessment(), worker)
    call_off_visits(visit.application, reason="Moved away", actor=SYSTEM)
    typed = {**FINDINGS, "load_kw": load, "notes": "Mind the dog"}

    answer = fill_in(phone_of(worker), visit, "findings", **typed, photo=camera())
    shown = answer.content.decode()

    assert answer.status_code == 409
    assert "This visit is over (called off). What you sent now was not written down." in shown
    assert "Moved away" in shown
    assert "<dt>Can the connection be made?</dt><dd>Yes</dd>" in shown
    assert "<dt>Length of the service drop</dt><dd>12.5 m</dd>" in shown
    assert "Mind the dog" in shown


def test_whoever_has_not_arrived_reads_so_and_sees_what_was_typed() -> None:
    worker = ravi()
    visit = assigned(worker)
    Photo.objects.create(visit=visit, kind=Photo.Kind.PREMISES)

    answer = fill_in(phone_of(worker), visit, "findings", **FINDINGS, notes="Mind the dog")
    shown = answer.content.decode()

    assert answer.status_code == 409
    assert "The visit is assigned: say first that you are there." in shown
    assert "Mind the dog" in shown
    assert "Back to the visit" in shown


def test_a_visit_that_was_given_to_somebody_else_says_to_whom_and_shows_what_was_typed() -> None:
    worker, other = ravi(), ravi(name="Ana Silva")
    visit = assigned(other, assigned(worker))

    answer = fill_in(phone_of(worker), visit, "no-access", why="Nobody was there", more="Rang twice", photo=camera())
    shown = answer.content.decode()

    assert answer.status_code == 409
    assert "The office gave this visit to Ana Silva." in shown
    assert "Rang twice" in shown
    assert state_of(visit) == VisitState.ASSIGNED
    assert not Photo.objects.exists()


def test_a_follow_up_of_another_kind_is_finished_with_a_note() -> None:
    worker = ravi()
    order = assessment().application
    visit, client = on_site(Visit.objects.create(application=order, kind=Visit.Kind.REVISIT), worker), phone_of(worker)

    empty = fill_in(client, visit, "done", note=" ")
    fill_in(client, visit, "done", note="Tightened the clamp")

    assert empty.status_code == 422
    assert Event.objects.get(kind="visit.completed").data["note"] == "Tightened the clamp"
    assert state_of(order) == S.TECHNICIAN_ASSIGNED  # by the assignment; the note moves nothing
