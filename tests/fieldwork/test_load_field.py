"""The sample field: made where there is none, and nothing changed where there is."""

import pytest
from django.core.management import call_command

from fieldwork.crew import TECHNICIANS, let_work
from fieldwork.models import Meter, Slot, Technician
from tests.factories import provider, staff, technician

pytestmark = pytest.mark.django_db


def test_each_provider_gets_technicians_windows_and_meters() -> None:
    first, second = provider(), provider(code="oakland_power")

    call_command("load_field", verbosity=0)

    for house in (first, second):
        assert house.technicians.count() == 3
        assert [str(slot) for slot in house.slots.all()] == ["09:00–12:00", "13:00–17:00"]
        assert house.meters.filter(type="SMART_METER", state="IN_STOCK").count() == 20


def test_it_is_safe_to_repeat_and_keeps_what_staff_changed() -> None:
    house = provider()
    mine = technician(name="Olga", provider=house)
    call_command("load_field", verbosity=0)
    call_command("load_field", verbosity=0)

    assert list(house.technicians.all()) == [mine]
    assert (Slot.objects.count(), Meter.objects.count()) == (2, 20)


def test_nobody_gets_a_login_and_a_login_named_later_may_work_visits() -> None:
    house = provider()
    call_command("load_field", verbosity=0)
    assert not Technician.objects.exclude(user=None).exists()

    worker = house.technicians.all()[0]
    worker.user = staff()
    let_work(worker)

    assert worker.user.groups.get().name == TECHNICIANS
    assert worker.user.has_perm("fieldwork.complete_visit")
