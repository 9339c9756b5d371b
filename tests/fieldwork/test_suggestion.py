"""Who is suggested for a visit, and the reasons that the dispatcher reads."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connections.vocabulary import Phase
from fieldwork.models import Skill, Visit
from fieldwork.services import assign_visit
from fieldwork.suggestion import suggest_technicians
from tests.factories import SYSTEM, offering, provider, technician
from tests.fieldwork.premises import assessment, at, give_window, next_weekday

pytestmark = pytest.mark.django_db
ASSESS, INSTALL, THREE = Skill.ASSESSMENT, Skill.INSTALLATION, Skill.THREE_PHASE
MONDAY, SUNDAY = 0, 6
NEAR = {"base_latitude": Decimal("37.77"), "base_longitude": Decimal("-122.42")}
FAR = {"base_latitude": Decimal("37.90"), "base_longitude": Decimal("-122.30")}


def planned(day: int = MONDAY, hour: int = 9, **asked: Any) -> Visit:
    return give_window(assessment(**asked), at(next_weekday(day), hour))


@pytest.mark.parametrize(
    ("fields", "day", "fits", "reasons"),
    [
        (
            {"skills": [ASSESS]},
            MONDAY,
            True,
            "does assessment, works everywhere, works on Mondays, 0 of 6 visits that day",
        ),
        ({"skills": []}, MONDAY, False, "does not do assessment"),
        ({"skills": [INSTALL, THREE]}, MONDAY, False, "does not do assessment"),
        (
            {"skills": [ASSESS], "zones": ["94110"]},
            MONDAY,
            True,
            "does assessment, works in 94110, works on Mondays, 0 of 6 visits that day",
        ),
        (
            {"skills": [ASSESS], "zones": ["nanp: 628"]},
            MONDAY,
            True,
            "does assessment, works in NANP:628, works on Mondays, 0 of 6 visits that day",
        ),
        ({"skills": [ASSESS], "zones": ["94000"]}, MONDAY, False, "works only in 94000"),
        ({"skills": [ASSESS]}, SUNDAY, False, "does not work on Sundays"),
        ({"skills": [], "zones": ["94000"]}, SUNDAY, False, "does not do assessment, works only in 94000,"),
        ({"skills": [ASSESS], "daily_capacity": 0}, MONDAY, False, "has 0 of 0 visits that day"),
        (
            {"skills": [ASSESS], **NEAR},
            MONDAY,
            True,
            "does assessment, works everywhere, works on Mondays, 0 of 6 visits that day, 0.5 km away",
        ),
    ],
)
def test_who_fits_and_why(fields: dict[str, Any], day: int, fits: bool, reasons: str) -> None:
    visit = planned(day)
    technician(**fields)

    (suggestion,) = suggest_technicians(visit)

    assert suggestion.fits is fits
    assert suggestion.reasons.startswith(reasons)


def test_three_phase_work_needs_its_skill() -> None:
    shop = offering(code="shop", phase=Phase.THREE_PHASE)
    visit = planned(offering=shop)
    technician(name="Ana", skills=[ASSESS])
    technician(name="David", skills=[ASSESS, THREE])

    first, second = suggest_technicians(visit)

    assert (first.technician.name, first.fits) == ("David", True)
    assert (second.technician.name, second.reasons) == ("Ana", "does not do three-phase work")


def test_an_installation_needs_an_installer() -> None:
    visit = Visit(application=planned().application, kind=Visit.Kind.INSTALLATION)
    technician(name="Ana", skills=[ASSESS])

    assert suggest_technicians(visit)[0].reasons == "does not do installation"


def test_a_clash_of_windows_speaks_against_and_a_full_day_does() -> None:
    busy = technician(name="Busy", skills=[ASSESS])
    full = technician(name="Full", skills=[ASSESS], daily_capacity=1)
    free = technician(name="Free", skills=[ASSESS])
    assign_visit(planned(hour=10), technician=busy, actor=SYSTEM)
    assign_visit(planned(hour=15), technician=full, actor=SYSTEM)

    suggestions = {one.technician: one for one in suggest_technicians(planned(hour=9))}

    assert suggestions[free].fits
    assert suggestions[busy].reasons == "has another visit at 10:00"
    assert suggestions[full].reasons == "has 1 of 1 visits that day"


def test_the_emptier_day_goes_first_and_then_the_shorter_way() -> None:
    technician(name="Far", skills=[ASSESS], **FAR)
    technician(name="Near", skills=[ASSESS], **NEAR)
    technician(name="Nowhere", skills=[ASSESS])
    loaded = technician(name="Loaded", skills=[ASSESS], **NEAR)
    assign_visit(planned(hour=15), technician=loaded, actor=SYSTEM)

    names = [one.technician.name for one in suggest_technicians(planned(hour=9))]

    assert names == ["Near", "Far", "Nowhere", "Loaded"]


def test_work_of_another_day_is_no_load() -> None:
    worker = technician(skills=[ASSESS])
    visit = planned(hour=9)
    assert visit.window_start is not None
    assign_visit(give_window(assessment(), visit.window_start + timedelta(days=1)), technician=worker, actor=SYSTEM)

    assert suggest_technicians(visit)[0].load == 0


def test_a_visit_without_a_time_is_judged_without_one() -> None:
    technician(skills=[ASSESS])

    suggestion = suggest_technicians(assessment())[0]

    assert suggestion.reasons == "does assessment, works everywhere, the visit has no time yet"


def test_only_active_technicians_of_the_provider_are_suggested() -> None:
    visit = planned()
    technician(name="Gone", skills=[ASSESS], active=False)
    technician(name="Elsewhere", skills=[ASSESS], provider=provider(code="oakland_power"))

    assert suggest_technicians(visit) == []


def test_the_visit_itself_does_not_stand_in_its_own_way() -> None:
    worker = technician(skills=[ASSESS], daily_capacity=1)
    visit = assign_visit(planned(), technician=worker, actor=SYSTEM)

    assert suggest_technicians(visit)[0].fits


def test_premises_in_doubt_have_no_distance() -> None:
    visit = planned()
    visit.application.longitude = Decimal("122.419424")
    technician(skills=[ASSESS], **NEAR)

    assert suggest_technicians(visit)[0].distance_km is None
