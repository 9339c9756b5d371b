"""What the phone sends may come twice: it is done once."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from connections.lifecycle import Refused
from connections.models import Event
from connections.vocabulary import ApplicationState as S
from fieldwork.acts import field_act
from fieldwork.models import FieldAct, Installation, Photo, Technician, Visit, VisitState
from fieldwork.photos import keep_photo
from fieldwork.services import assign_visit
from tests.conftest import AtOnce
from tests.factories import SYSTEM, technician
from tests.fieldwork.premises import READ, assessment, picture, ravi, ready_to_install, state_of

pytestmark = pytest.mark.django_db
THEN = datetime(2026, 5, 12, 16, 4, tzinfo=UTC)


def assigned(worker: Technician) -> Visit:
    return assign_visit(assessment(), technician=worker, actor=SYSTEM)


def test_an_act_is_done_in_the_technicians_name_and_remembered() -> None:
    worker, name = ravi(), uuid4()

    visit = field_act(assigned(worker), "set_out", client_id=name, technician=worker, happened_at=THEN)

    assert visit.state == VisitState.EN_ROUTE
    act = FieldAct.objects.get(client_id=name)
    assert (act.action, act.visit, act.technician, act.happened_at) == ("set_out", visit, worker, THEN)
    assert Event.objects.get(kind="visit.en_route").user == worker.user


def test_the_same_act_again_brings_the_same_result_and_no_second_event() -> None:
    worker, name = ravi(), uuid4()
    visit = assigned(worker)

    first = field_act(visit, "set_out", client_id=name, technician=worker)
    second = field_act(visit, "set_out", client_id=name, technician=worker)

    assert (first.pk, first.state) == (second.pk, second.state)
    assert Event.objects.filter(kind="visit.en_route").count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_act_ten_times_at_once_is_done_once(at_once: AtOnce) -> None:
    worker, name = ravi(), uuid4()
    visit = assigned(worker)

    outcomes = at_once(10, lambda: field_act(visit, "set_out", client_id=name, technician=worker))

    assert [outcome.state for outcome in outcomes] == [VisitState.EN_ROUTE] * 10
    assert Event.objects.filter(kind="visit.en_route").count() == 1
    assert FieldAct.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_power_five_times_at_once_goes_on_once(at_once: AtOnce) -> None:
    worker, name = ravi(), uuid4()
    visit = ready_to_install(worker)

    outcomes = at_once(5, lambda: field_act(visit, "complete_installation", client_id=name, technician=worker, **READ))

    assert [outcome.state for outcome in outcomes] == [VisitState.COMPLETED] * 5
    assert Installation.objects.count() == 1
    assert state_of(visit.application) == S.CONNECTION_ESTABLISHED


@pytest.mark.django_db(transaction=True)
def test_one_id_on_two_visits_at_once_is_one_act(at_once: AtOnce) -> None:
    worker, name = ravi(), uuid4()
    visits = iter([assigned(worker), assigned(worker)])

    outcomes = at_once(2, lambda: field_act(next(visits), "set_out", client_id=name, technician=worker))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Refused", "Visit"]
    assert Visit.objects.filter(state=VisitState.EN_ROUTE).count() == 1


def test_an_act_that_was_refused_may_be_tried_again_under_its_id() -> None:
    worker, name = ravi(), uuid4()
    visit = assigned(worker)
    with pytest.raises(Refused):
        field_act(visit, "report_unsafe", client_id=name, technician=worker, reason="A dog")
    assert not FieldAct.objects.exists()

    field_act(visit, "set_out", client_id=uuid4(), technician=worker)
    ended = field_act(visit, "report_unsafe", client_id=name, technician=worker, reason="A dog")

    assert ended.state == VisitState.UNSAFE


def test_an_id_is_for_one_act() -> None:
    worker, name = ravi(), uuid4()
    visit = assigned(worker)
    field_act(visit, "set_out", client_id=name, technician=worker)

    with pytest.raises(Refused) as refused:
        field_act(visit, "arrive", client_id=name, technician=worker)

    assert refused.value.code == "id_taken"
    assert state_of(visit) == VisitState.EN_ROUTE


def test_nobody_acts_on_anothers_visit_or_by_an_unknown_act() -> None:
    visit = assigned(ravi())

    for stranger, action, code in (
        (ravi(name="Ana Silva"), "set_out", "not_yours"),
        (technician(name="No login"), "set_out", "not_yours"),
        (ravi(name="Olga"), "delete", "unknown_action"),
    ):
        with pytest.raises(Refused) as refused:
            field_act(visit, action, client_id=uuid4(), technician=stranger)
        assert refused.value.code == code


@pytest.mark.django_db(transaction=True)
def test_the_same_photo_five_times_at_once_is_kept_once(at_once: AtOnce) -> None:
    visit, name = assigned(ravi()), uuid4()

    outcomes = at_once(5, lambda: keep_photo(visit, kind=Photo.Kind.PREMISES, data=picture(), client_id=name))

    assert {outcome.pk for outcome in outcomes} == {Photo.objects.get().pk}


def test_a_photos_id_is_for_one_visit() -> None:
    worker, name = ravi(), uuid4()
    keep_photo(assigned(worker), kind=Photo.Kind.PREMISES, data=picture(), client_id=name)

    with pytest.raises(Refused) as refused:
        keep_photo(assigned(worker), kind=Photo.Kind.PREMISES, data=picture(), client_id=name)

    assert refused.value.code == "id_taken"
