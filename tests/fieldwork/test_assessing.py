"""What was found at the premises, and what it allows."""

from decimal import Decimal
from typing import Any

import pytest

from connections.lifecycle import Refused, advance
from connections.models import Application, Event
from connections.services import amend_application
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import Phase
from fieldwork.assessing import can_serve, complete_assessment, latest_finding
from fieldwork.models import Finding, Photo, Visit, VisitState
from fieldwork.services import open_visit
from tests.connections.desk import boss, step
from tests.factories import SYSTEM, offering, verify_documents
from tests.fieldwork.premises import (
    FOUND,
    actor_of,
    assessment,
    on_site,
    photo,
    ravi,
    ready_to_assess,
    state_of,
)

pytestmark = pytest.mark.django_db
NO = {**FOUND, "feasible": False, "works_needed": "A new pole"}


def assessed(asked: str = "5", **changes: Any) -> Application:
    visit = ready_to_assess(ravi(), load_kw=Decimal(asked))
    complete_assessment(visit, **{**FOUND, **changes}, actor=SYSTEM)
    return Application.objects.get(pk=visit.application_id)


def approve(order: Application) -> Application:
    verify_documents(order)
    return advance(order, "approve", actor=SYSTEM)


def test_findings_finish_the_visit_and_move_the_application() -> None:
    worker = ravi()
    visit = complete_assessment(ready_to_assess(worker), **FOUND, actor=actor_of(worker))

    assert (visit.state, state_of(visit.application)) == (VisitState.COMPLETED, S.ASSESSMENT_COMPLETED)
    finding = Finding.objects.get(visit=visit)
    assert (finding.load_kw, finding.service_drop_m) == (Decimal(8), Decimal("12.5"))


@pytest.mark.parametrize(("asked", "found", "sanctioned"), [("5", "8", "5"), ("8", "5", "5"), ("5", "5", "5")])
def test_the_smaller_of_asked_and_found_is_sanctioned(asked: str, found: str, sanctioned: str) -> None:
    order = assessed(asked, load_kw=Decimal(found))

    assert order.sanctioned_load_kw == Decimal(sanctioned)


def test_another_load_asked_for_later_is_held_against_what_was_found() -> None:
    order = assessed("5", load_kw=Decimal("8"))

    amend_application(order, changes={"requested_load_kw": Decimal("10")}, actor=SYSTEM)

    assert Application.objects.get().sanctioned_load_kw == Decimal("8")


# --- What must be there ---------------------------------------------------------------------------------------------


def test_no_photo_no_findings() -> None:
    visit = on_site(assessment(), ravi())

    with pytest.raises(Refused, match="Take a photo of the premises"):
        complete_assessment(visit, **FOUND, actor=SYSTEM)

    assert not Finding.objects.exists()
    assert (state_of(visit), state_of(visit.application)) == (VisitState.ON_SITE, S.TECHNICIAN_ASSIGNED)


def test_no_findings_no_completed_assessment_by_any_path() -> None:
    visit = ready_to_assess(ravi())

    with pytest.raises(Refused, match="Write down what was found first"):
        advance(visit, "complete", actor=SYSTEM)
    assert boss().post(step(visit, "complete")).status_code == 404

    assert state_of(visit) == VisitState.ON_SITE


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"load_kw": Decimal(-1)}, "finding_invalid"),
        ({"service_drop_m": Decimal("-0.1")}, "finding_invalid"),
        ({"feasible": False}, "reason_missing"),
    ],
)
def test_impossible_findings_are_refused(changes: dict[str, Any], code: str) -> None:
    visit = ready_to_assess(ravi())

    with pytest.raises(Refused) as refused:
        complete_assessment(visit, **{**FOUND, **changes}, actor=SYSTEM)

    assert refused.value.code == code


def test_findings_are_made_at_the_premises_and_on_an_assessment() -> None:
    waiting = assessment()
    other = on_site(open_visit(waiting.application, Visit.Kind.INSTALLATION, actor=SYSTEM), ravi())

    for visit, code in ((waiting, "wrong_state"), (other, "wrong_kind")):
        with pytest.raises(Refused) as refused:
            complete_assessment(visit, **FOUND, actor=SYSTEM)
        assert refused.value.code == code


# --- What the findings allow ----------------------------------------------------------------------------------------


def test_what_is_feasible_is_approved_and_opens_the_installation_visit() -> None:
    order = approve(assessed())

    assert order.fulfillment_state == S.APPROVED
    assert order.visits.filter(kind=Visit.Kind.INSTALLATION, state=VisitState.SCHEDULED).count() == 1


def test_an_installation_that_was_planned_before_stays_the_only_one() -> None:
    order = assessed()
    open_visit(order, Visit.Kind.INSTALLATION, actor=SYSTEM)

    approve(order)

    assert order.visits.filter(kind=Visit.Kind.INSTALLATION).count() == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (NO, "The assessment found it not feasible: A new pole."),
        ({"load_kw": Decimal("1.5")}, "The assessment found 1.5 kW, Shop begins at 2 kW."),
        ({"phase": Phase.SINGLE_PHASE}, "The assessment found single phase, Shop needs three phase."),
    ],
)
def test_findings_against_it_are_shown_to_staff_and_stop_the_approval(changes: dict[str, Any], sentence: str) -> None:
    shop = offering(code="shop", name="Shop", phase=Phase.THREE_PHASE, min_load_kw=Decimal(2))
    visit = ready_to_assess(ravi(), offering=shop)
    complete_assessment(visit, **{**FOUND, "phase": Phase.THREE_PHASE, **changes}, actor=SYSTEM)
    order = Application.objects.get()

    with pytest.raises(Refused) as refused:
        approve(order)

    assert (str(refused.value), order.attention) == (sentence, sentence)
    assert refused.value.code == "findings_against"
    assert state_of(order) == S.ASSESSMENT_COMPLETED
    assert advance(order, "fail", actor=SYSTEM, reason="No pole").fulfillment_state == S.FAILED


def test_a_second_assessment_replaces_the_first_and_moves_nothing_back() -> None:
    worker = ravi()
    order = assessed(**NO)
    second = on_site(open_visit(order, Visit.Kind.ASSESSMENT, actor=SYSTEM), worker)
    photo(second, Photo.Kind.PREMISES)

    complete_assessment(second, **FOUND, actor=SYSTEM)

    finding = latest_finding(order)
    assert finding is not None
    assert finding.visit_id == second.pk
    assert approve(order).fulfillment_state == S.APPROVED
    assert Event.objects.filter(kind="application.assessment_completed").count() == 1


def test_findings_after_the_approval_change_nothing_that_was_approved() -> None:
    worker = ravi()
    order = approve(assessed())
    late = on_site(open_visit(order, Visit.Kind.ASSESSMENT, actor=SYSTEM), worker)
    photo(late, Photo.Kind.PREMISES)

    complete_assessment(late, **NO, actor=SYSTEM)

    kept = Application.objects.get()
    assert (kept.fulfillment_state, kept.sanctioned_load_kw) == (S.APPROVED, Decimal(5))


@pytest.mark.parametrize(
    ("available", "wanted", "serves"),
    [
        (Phase.SINGLE_PHASE, Phase.SINGLE_PHASE, True),
        (Phase.THREE_PHASE, Phase.SINGLE_PHASE, True),
        (Phase.SPLIT_PHASE, Phase.SINGLE_PHASE, True),
        (Phase.SINGLE_PHASE, Phase.THREE_PHASE, False),
        (Phase.SPLIT_PHASE, Phase.THREE_PHASE, False),
        (Phase.THREE_PHASE, Phase.SPLIT_PHASE, False),
    ],
)
def test_which_phase_feeds_which(available: str, wanted: str, serves: bool) -> None:
    assert can_serve(available, wanted) is serves
