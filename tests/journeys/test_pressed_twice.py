"""People press twice: the second press does nothing more and is told what happened, in turn or ten at once."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User

from connections.models import Event
from tests.conftest import AtOnce
from tests.connections.desk import step
from tests.factories import application_in, verify_documents
from tests.journeys import form_presses, presses, till_presses
from tests.journeys.presses import Case, Press

CASES = [*presses.CASES, *form_presses.CASES, *till_presses.CASES]
ROOMS = ("connections", "fieldwork", "billing", "beckn_adapter")
ALL = [pytest.param(case, id=case.name) for case in CASES]


@pytest.fixture(autouse=True)
def private_files(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def world() -> Counter[str]:
    """How many rows of each kind there are, and how many stand in which state."""
    found: Counter[str] = Counter()
    for room in ROOMS:
        for model in apps.get_app_config(room).get_models():
            found[model.__name__] = model._base_manager.count()
            for field in {"state", "fulfillment_state"} & {field.name for field in model._meta.fields}:
                states = model._base_manager.values_list(field, flat=True)
                found.update(f"{model.__name__} {state}" for state in states)
    found.update(Event.objects.values_list("kind", flat=True))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("case", ALL)
def test_the_second_press_does_nothing_more_and_is_told(case: Case) -> None:
    press = case.arrange()
    before = world()

    status, _ = press()
    done = world()
    again, words = press()

    assert done != before
    assert world() == done
    assert max(status, again) < 500
    assert case.told in words


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("case", ALL)
def test_of_ten_presses_at_once_one_counts(case: Case, at_once: AtOnce) -> None:
    press = case.arrange()
    before = world()

    outcomes = at_once(10, press)
    done = world()
    press()

    assert done != before
    assert world() == done
    assert [kind for kind, count in (done - before).items() if count > 1 and "." in kind] == []
    assert [outcome for outcome in outcomes if not isinstance(outcome, tuple) or outcome[0] >= 500] == []


@pytest.mark.django_db(transaction=True)
def test_two_clerks_on_one_application_make_one_transition_and_the_other_reads_why(at_once: AtOnce) -> None:
    order = application_in("ASSESSMENT_COMPLETED")
    verify_documents(order)
    clerks = [User.objects.create_superuser(name) for name in ("anna", "bert")]
    presses = [Press(step(order, "approve"), {}, who) for who in clerks]

    def the_next_one() -> tuple[int, str]:
        return presses.pop()()

    outcomes = at_once(2, the_next_one)

    assert Event.objects.filter(kind="application.approved").count() == 1
    refused = [words for status, words in outcomes if "it can not approve now" in words]
    assert len(refused) == 1
    assert "is approved" in refused[0]
