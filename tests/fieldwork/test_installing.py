"""The meter on the wall: all of it or nothing, and no power without it."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Application, Event
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import MeterType, Phase
from fieldwork.installing import complete_installation
from fieldwork.models import Installation, Meter, MeterState, Photo, Visit, VisitState
from fieldwork.services import open_visit
from tests.conftest import AtOnce
from tests.connections.desk import boss, step
from tests.factories import METER, SYSTEM, provider, scheduled_application, staff, technician
from tests.fieldwork.premises import (
    READ,
    actor_of,
    installation,
    meter,
    on_site,
    photo,
    ravi,
    ready_to_install,
    state_of,
)

pytestmark = pytest.mark.django_db


def install(visit: Visit, **changes: Any) -> Visit:
    return complete_installation(visit, **{**READ, **changes}, actor=SYSTEM)


def nothing_happened(visit: Visit) -> bool:
    return (
        not Installation.objects.exists()
        and state_of(visit) == VisitState.ON_SITE
        and state_of(visit.application) == S.APPROVED
        and not Meter.objects.filter(state=MeterState.INSTALLED).exists()
        and not Event.objects.filter(kind__in=["visit.completed", "meter.installed"]).exists()
    )


def test_an_installation_turns_the_power_on() -> None:
    worker = ravi()
    visit = complete_installation(ready_to_install(worker), **READ, actor=actor_of(worker))

    order, hung = Application.objects.get(), Installation.objects.get()
    assert (visit.state, order.fulfillment_state) == (VisitState.COMPLETED, S.CONNECTION_ESTABLISHED)
    assert (order.meter_serial, order.seal_number, order.initial_reading_kwh) == ("84469900", "S-77", Decimal("0.4"))
    assert order.meter_type == MeterType.SMART_METER
    assert order.consumer_number == f"C{order.pk:08d}"
    assert (hung.meter.state, hung.meter.application, hung.distance_m) == (MeterState.INSTALLED, order, 0)


def test_serial_and_seal_are_read_as_people_type_them() -> None:
    worker = ravi()
    visit = ready_to_install(worker)
    meter(serial="ab-17")

    install(visit, serial=" AB-17 ", seal_number=" s-77 ")

    order = Application.objects.get()
    assert (order.meter_serial, order.seal_number) == ("ab-17", "S-77")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"serial": "nowhere"}, "meter_unknown"),
        ({"serial": " "}, "meter_unknown"),
        ({"seal_number": "  "}, "seal_missing"),
        ({"reading_again": Decimal("0.5")}, "readings_differ"),
        ({"reading": Decimal(-1), "reading_again": Decimal(-1)}, "reading_invalid"),
        ({"latitude": Decimal("37.7771")}, "too_far"),
        ({"latitude": None, "longitude": None}, "position_missing"),
        ({"latitude": None}, "position_missing"),
    ],
)
def test_what_is_wrong_stops_all_of_it(changes: dict[str, Any], code: str) -> None:
    visit = ready_to_install(ravi())

    with pytest.raises(Refused) as refused:
        install(visit, **changes)

    assert refused.value.code == code
    assert nothing_happened(visit)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"phase": Phase.THREE_PHASE}, "meter_unfit"),
        ({"type": MeterType.ANALOG}, "meter_unfit"),
        ({"max_load_kw": Decimal("4.99")}, "meter_unfit"),
        ({"state": MeterState.FAULTY}, "meter_not_free"),
        ({"state": MeterState.REMOVED}, "meter_not_free"),
    ],
)
def test_a_meter_that_does_not_fit_is_refused(fields: dict[str, Any], code: str) -> None:
    visit = ready_to_install(ravi())
    meter(serial="OTHER", **fields)

    with pytest.raises(Refused) as refused:
        install(visit, serial="OTHER")

    assert refused.value.code == code
    assert nothing_happened(visit)


def test_a_meter_needs_to_carry_what_was_sanctioned_and_no_more() -> None:
    visit = ready_to_install(ravi())
    Application.objects.update(sanctioned_load_kw=Decimal(3))
    meter(serial="SMALL", max_load_kw=Decimal(3))

    install(visit, serial="SMALL")

    assert Application.objects.get().sanctioned_load_kw == Decimal(3)


def test_another_providers_meter_is_unknown() -> None:
    visit = ready_to_install(ravi())
    meter(serial="OAK-1", provider=provider(code="oakland_power"))

    with pytest.raises(Refused, match="No meter of ours"):
        install(visit, serial="OAK-1")


def test_a_meter_in_another_technicians_car_is_not_hung() -> None:
    visit = ready_to_install(ravi())
    advance(Meter.objects.get(), "issue", technician=technician(name="Ana Silva"), actor=SYSTEM)

    with pytest.raises(Refused, match="is issued to Ana Silva"):
        install(visit)


def test_a_meter_in_the_own_car_is() -> None:
    worker = ravi()
    visit = ready_to_install(worker)
    advance(Meter.objects.get(), "issue", technician=worker, actor=SYSTEM)

    assert install(visit).state == VisitState.COMPLETED


def test_a_seal_is_used_once() -> None:
    install(ready_to_install(ravi()))
    second = on_site(installation(), ravi())
    photo(second, Photo.Kind.METER)
    meter(serial="84469901")

    with pytest.raises(Refused) as refused:
        install(second, serial="84469901", seal_number="s-77")

    assert refused.value.code == "seal_used"


def test_no_photo_no_power() -> None:
    visit = on_site(installation(), ravi())
    meter()

    with pytest.raises(Refused, match="Take a photo of the meter"):
        install(visit)

    assert nothing_happened(visit)


# --- Where it was ---------------------------------------------------------------------------------------------------


def test_two_hundred_metres_are_near_enough() -> None:
    install(ready_to_install(ravi()), latitude=Decimal("37.7766"))

    assert Installation.objects.get().distance_m == 187


def test_who_is_far_away_says_why_and_it_is_written_down() -> None:
    install(ready_to_install(ravi()), latitude=Decimal("37.78"), position_reason="The pin is on the wrong house")

    assert Installation.objects.get().distance_m == 565
    data = Event.objects.get(kind="visit.completed").data
    assert (data["distance_m"], data["position"]) == ("565", "The pin is on the wrong house")


def test_a_phone_without_a_position_says_why() -> None:
    install(ready_to_install(ravi()), latitude=None, longitude=None, position_reason="No satellites in the cellar")

    hung = Installation.objects.get()
    assert (hung.latitude, hung.distance_m) == (None, None)
    assert Event.objects.get(kind="visit.completed").data["position"] == "No satellites in the cellar"


@pytest.mark.parametrize("premises", [{"latitude": None, "longitude": None}, {"longitude": Decimal("122.419424")}])
def test_premises_whose_position_is_not_certain_are_not_compared(premises: dict[str, Any]) -> None:
    visit = ready_to_install(ravi())
    Application.objects.update(**premises)

    install(visit)

    hung = Installation.objects.get()
    assert (hung.latitude, hung.distance_m) == (READ["latitude"], None)
    assert "not known for certain" in Event.objects.get(kind="visit.completed").data["position"]


# --- When it may be -------------------------------------------------------------------------------------------------


def test_power_goes_on_for_approved_orders_only() -> None:
    order = scheduled_application()
    visit = on_site(open_visit(order, Visit.Kind.INSTALLATION, actor=SYSTEM), ravi())
    photo(visit, Photo.Kind.METER)
    meter()

    with pytest.raises(Refused) as refused:
        install(visit)

    assert refused.value.code == "not_approved"


def test_who_may_not_work_visits_turns_no_power_on() -> None:
    visit = ready_to_install(ravi())

    with pytest.raises(Refused) as refused:
        complete_installation(visit, **READ, actor=Actor.staff(staff("connections.approve_application")))

    assert refused.value.code == "not_allowed"
    assert nothing_happened(visit)


@pytest.mark.django_db(transaction=True)
def test_of_two_that_hang_the_same_meter_or_seal_at_once_one_does(at_once: AtOnce) -> None:
    first, second = ready_to_install(ravi()), on_site(installation(), ravi(name="Ana Silva"))
    photo(second, Photo.Kind.METER)
    meter(serial="84469901")
    tries = iter([(first, "84469900"), (second, "84469901")])

    def hang() -> Visit:
        visit, serial = next(tries)
        return install(visit, serial=serial)

    outcomes = at_once(2, hang)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused", "Visit"]
    assert Installation.objects.count() == 1
    assert Application.objects.filter(fulfillment_state=S.CONNECTION_ESTABLISHED).count() == 1
    assert Meter.objects.filter(state=MeterState.INSTALLED).count() == 1


# --- No power without meter, seal and reading, by any path ----------------------------------------------------------


def test_not_through_the_one_door() -> None:
    visit = ready_to_install(ravi())

    with pytest.raises(Refused, match="No technician has installed this meter") as refused:
        advance(visit.application, "establish_connection", actor=SYSTEM, **METER)

    assert refused.value.code == "not_installed"
    assert nothing_happened(visit)


def test_not_without_any_of_them() -> None:
    visit = ready_to_install(ravi())

    with pytest.raises(Refused, match="No technician has installed this meter"):
        advance(visit.application, "establish_connection", actor=SYSTEM)

    assert nothing_happened(visit)


def test_not_with_another_meter_than_the_one_that_hangs_there() -> None:
    visit = ready_to_install(ravi())
    Installation.objects.create(
        visit=visit, meter=Meter.objects.get(), seal_number="S-77", initial_reading_kwh=Decimal("0.4")
    )

    with pytest.raises(Refused) as refused:
        advance(visit.application, "establish_connection", actor=SYSTEM, **METER)

    assert refused.value.code == "not_installed"


def test_not_by_completing_the_visit_alone() -> None:
    visit = ready_to_install(ravi())

    with pytest.raises(Refused) as refused:
        advance(visit, "complete", actor=SYSTEM)

    assert refused.value.code == "installation_missing"


def test_not_from_the_desk() -> None:
    visit = ready_to_install(ravi())
    client = boss()

    assert client.post(step(visit.application, "establish_connection"), METER).status_code == 404
    assert client.post(step(visit, "complete")).status_code == 404
    assert nothing_happened(visit)


@pytest.mark.parametrize(
    "missing", ["meter_serial = ''", "seal_number = ''", "initial_reading_kwh = NULL", "meter_serial = meter_serial"]
)
def test_not_with_sql(missing: str) -> None:
    order = ready_to_install(ravi()).application

    with (
        pytest.raises(IntegrityError, match="no_power_without_meter_seal_and_reading"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "UPDATE connections_application SET fulfillment_state = 'CONNECTION_ESTABLISHED', "  # noqa: S608 - of above
            + missing
            + " WHERE id = %s",
            [order.pk],
        )
