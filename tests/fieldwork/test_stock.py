"""Meters between the stock and the technicians' cars."""

import pytest

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Event
from fieldwork.models import MeterState
from tests.factories import SYSTEM, provider, staff, technician
from tests.fieldwork.premises import meter, state_of

pytestmark = pytest.mark.django_db


def test_a_meter_goes_into_a_car_and_back() -> None:
    worker = technician()
    issued = advance(meter(), "issue", technician=worker, actor=SYSTEM)
    assert (issued.state, issued.technician) == (MeterState.ISSUED, worker)

    back = advance(issued, "take_back", actor=SYSTEM)
    assert (back.state, back.technician) == (MeterState.IN_STOCK, None)
    assert [event.kind for event in Event.objects.filter(kind__startswith="meter")] == [
        "meter.issued",
        "meter.in_stock",
    ]


def test_a_meter_stays_in_its_house() -> None:
    known = meter(provider=provider())
    stranger = technician(provider=provider(code="oakland_power"))

    with pytest.raises(Refused) as refused:
        advance(known, "issue", technician=stranger, actor=SYSTEM)

    assert refused.value.code == "wrong_provider"


def test_a_faulty_meter_is_written_off_with_a_reason() -> None:
    known = meter(provider=provider())

    with pytest.raises(Refused):
        advance(known, "report_faulty", reason=" ", actor=SYSTEM)
    assert advance(known, "report_faulty", reason="Display is dark", actor=SYSTEM).state == MeterState.FAULTY


def test_who_has_no_hand_in_the_stock_moves_no_meter() -> None:
    known, worker = meter(provider=provider()), technician()

    with pytest.raises(Refused):
        advance(known, "issue", technician=worker, actor=Actor.staff(staff("fieldwork.view_meter")))

    assert state_of(known) == MeterState.IN_STOCK
