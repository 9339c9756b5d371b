"""How visits end when they do not come about, and what the applicant says of those that do."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from connections.actors import Actor
from connections.lifecycle import Refused, advance
from connections.models import Event
from connections.vocabulary import ApplicationState as S
from fieldwork.assessing import complete_assessment
from fieldwork.models import Photo, Visit, VisitState
from fieldwork.services import complete_revisit, leave_incomplete, rate_visit, report_no_access, report_unsafe
from tests.factories import SYSTEM
from tests.fieldwork.premises import FOUND, assessment, on_site, photo, ravi, ready_to_assess, state_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("report", "state"),
    [
        (report_no_access, VisitState.NO_ACCESS),
        (report_unsafe, VisitState.UNSAFE),
        (leave_incomplete, VisitState.INCOMPLETE),
    ],
)
def test_a_visit_that_came_to_nothing_is_followed_by_one_of_its_kind(report: Callable[..., Visit], state: str) -> None:
    visit = on_site(assessment(), ravi())
    photo(visit, Photo.Kind.REASON)

    ended = report(visit, reason=" The gate is locked ", actor=SYSTEM)

    assert (ended.state, ended.reason) == (state, "The gate is locked")
    following = Visit.objects.get(follows=ended)
    assert (following.kind, following.state, following.technician) == (visit.kind, VisitState.SCHEDULED, None)
    assert state_of(visit.application) == S.TECHNICIAN_ASSIGNED
    assert Event.objects.get(kind=f"visit.{state.lower()}").data["reason"] == "The gate is locked"


def test_the_follow_up_finishes_the_work_and_never_takes_the_application_back() -> None:
    worker = ravi()
    first = report_unsafe(on_site(assessment(), worker), reason="A dog", actor=SYSTEM)

    second = on_site(Visit.objects.get(follows=first), worker)
    photo(second, Photo.Kind.PREMISES)
    complete_assessment(second, **FOUND, actor=SYSTEM)

    assert state_of(first.application) == S.ASSESSMENT_COMPLETED
    kinds = list(Event.objects.filter(kind__startswith="application").values_list("kind", flat=True))
    assert kinds.count("application.technician_assigned") == 1


@pytest.mark.parametrize(
    ("report", "reason", "has_photo", "code"),
    [
        (report_no_access, "", True, "reason_missing"),
        (report_unsafe, "  ", True, "reason_missing"),
        (leave_incomplete, "", True, "reason_missing"),
        (report_no_access, "Nobody there", False, "photo_missing"),
        (leave_incomplete, "No cable", False, "photo_missing"),
    ],
)
def test_what_went_wrong_is_said_and_shown(
    report: Callable[..., Visit], reason: str, has_photo: bool, code: str
) -> None:
    visit = on_site(assessment(), ravi())
    if has_photo:
        photo(visit, Photo.Kind.REASON)

    with pytest.raises(Refused) as refused:
        report(visit, reason=reason, actor=SYSTEM)

    assert refused.value.code == code
    assert list(Visit.objects.values_list("state", flat=True)) == [VisitState.ON_SITE]


def test_no_way_round_the_reason_through_the_one_door() -> None:
    visit = on_site(assessment(), ravi())

    with pytest.raises(Refused, match="Take a photo that shows why"):
        advance(visit, "report_no_access", actor=SYSTEM, reason="Nobody there")


# --- Follow-ups of another kind -------------------------------------------------------------------------------------


def test_an_assessment_is_not_finished_with_a_note() -> None:
    with pytest.raises(Refused, match="An assessment is finished with its results"):
        complete_revisit(ready_to_assess(ravi()), note="Fine", actor=SYSTEM)


# --- Rating ---------------------------------------------------------------------------------------------------------


def test_the_last_word_on_a_visit_counts() -> None:
    visit = complete_assessment(ready_to_assess(ravi()), **FOUND, actor=SYSTEM)

    rate_visit(visit, value=Decimal(2), actor=Actor.buyer_app("bap.example"))
    rate_visit(visit, value=Decimal("4.5"), actor=Actor.buyer_app("bap.example"))

    assert Visit.objects.get().rating == Decimal("4.5")
    assert [event.data["value"] for event in Event.objects.filter(kind="visit.rated")] == ["2.0", "4.5"]


@pytest.mark.parametrize("value", ["0.9", "5.1", "NaN"])
def test_a_rating_goes_from_one_to_five(value: str) -> None:
    visit = complete_assessment(ready_to_assess(ravi()), **FOUND, actor=SYSTEM)

    with pytest.raises(Refused) as refused:
        rate_visit(visit, value=Decimal(value), actor=SYSTEM)

    assert refused.value.code == "rating_out_of_range"


def test_a_visit_that_did_not_come_about_is_not_rated() -> None:
    with pytest.raises(Refused) as refused:
        rate_visit(assessment(), value=Decimal(5), actor=SYSTEM)

    assert refused.value.code == "not_completed"
