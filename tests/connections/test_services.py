"""Opening and correcting applications."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import transaction

from connections.lifecycle import Refused, advance
from connections.models import Application, Event
from connections.services import Premises, Request, amend_application, check_load, check_place
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import DocumentState
from tests.conftest import AtOnce
from tests.factories import JONATHAN, SYSTEM, VALENCIA_STREET, application, offering, provider, scheduled_application

pytestmark = pytest.mark.django_db
NETWORK = {"source": "bap.example", "source_reference": "txn-1"}


def test_an_application_is_opened_as_a_draft_with_what_was_given() -> None:
    opened = application(**NETWORK)

    kept = Application.objects.get(pk=opened.pk)
    assert (kept.fulfillment_state, kept.number, kept.ordered_at) == (S.DRAFT, None, None)
    assert (kept.source, kept.source_reference) == ("bap.example", "txn-1")
    assert (kept.applicant_name, kept.applicant_email) == ("Jonathan Park", "jonathan@example.com")
    assert (kept.latitude, kept.position_as_given) == (Decimal("37.774921"), "37.774921,-122.419424")
    assert (kept.requested_load_kw, kept.monthly_consumption_kwh) == (5, 300)
    assert kept.attention == ""


def test_opening_lays_out_the_documents_that_the_offering_asks_for() -> None:
    opened = application()

    assert [(document.code, document.name, document.state) for document in opened.documents.all()] == [
        ("id-proof", "ID proof", DocumentState.PENDING),
        ("ownership", "Ownership certificate", DocumentState.PENDING),
        ("wiring", "Wiring diagram", DocumentState.PENDING),
    ]


def test_an_offering_that_asks_for_nothing_gets_no_documents() -> None:
    assert application(offering=offering(documents=())).documents.count() == 0


def test_the_same_reference_corrects_the_draft_that_is_already_open() -> None:
    first = application(**NETWORK)
    corrected = replace(JONATHAN, applicant_name="Maria Chen", applicant_email="")

    second = application(**NETWORK, applicant=corrected, load_kw=Decimal("7.5"))

    kept = Application.objects.get()
    assert second.pk == first.pk
    assert (kept.applicant_name, kept.applicant_email, kept.requested_load_kw) == ("Maria Chen", "", Decimal("7.5"))
    assert [event.kind for event in kept.events.all()] == ["application.opened", "application.revised"]


def test_a_correction_keeps_the_papers_already_submitted() -> None:
    first = application(**NETWORK)
    advance(first.documents.all()[0], "submit", actor=SYSTEM)

    application(**NETWORK)

    states = [document.state for document in first.documents.all()]
    assert states == [DocumentState.SUBMITTED, DocumentState.PENDING, DocumentState.PENDING]


def test_a_correction_to_another_offering_asks_for_that_ones_papers() -> None:
    first = application(**NETWORK)
    advance(first.documents.all()[0], "submit", actor=SYSTEM)
    shop = offering(code="new-comm-connection", documents=(("licence", "Business license"), ("id-proof", "ID proof")))

    second = application(**NETWORK, offering=shop)

    assert second.offering == shop
    assert {document.code: document.state for document in second.documents.all()} == {
        "licence": DocumentState.PENDING,
        "id-proof": DocumentState.SUBMITTED,
    }


def test_what_is_ordered_is_not_corrected_any_more() -> None:
    ordered = advance(application(**NETWORK), "schedule", actor=SYSTEM)

    with pytest.raises(Refused, match=f"already ordered as {ordered.number}") as refused:
        application(**NETWORK, load_kw=Decimal("7.5"))

    assert refused.value.code == "already_ordered"
    assert Application.objects.get().requested_load_kw == 5


def test_two_sources_may_use_the_same_reference() -> None:
    application(source="bap.example", source_reference="txn-1")
    application(source="other.example", source_reference="txn-1")

    assert Application.objects.count() == 2


def test_two_people_at_the_counter_without_a_reference_are_two_applications() -> None:
    assert application().pk != application().pk


@pytest.mark.django_db(transaction=True)
def test_the_same_reference_from_ten_at_once_opens_one_application(at_once: AtOnce) -> None:
    offered = offering()

    outcomes = at_once(10, lambda: application(offering=offered, **NETWORK).pk)

    assert len(set(outcomes)) == 1
    assert Application.objects.get().documents.count() == 3
    assert Event.objects.filter(kind="application.opened").count() == 1
    assert Event.objects.filter(kind="application.revised").count() == 9


@pytest.mark.django_db(transaction=True)
def test_a_correction_that_crosses_the_order_waits_for_it_and_is_told(at_once: AtOnce) -> None:
    draft = application(**NETWORK)
    correcting = ThreadPoolExecutor(1)

    with transaction.atomic():
        ordered = advance(draft, "schedule", actor=SYSTEM)
        outcome = correcting.submit(at_once, 1, lambda: application(**NETWORK, load_kw=Decimal("7.5")))
        time.sleep(0.5)  # until the correction waits for the row
        assert not outcome.done()

    [refused] = outcome.result(timeout=10)
    assert isinstance(refused, Refused)
    assert refused.code == "already_ordered"
    kept = Application.objects.get()
    assert (kept.number, kept.requested_load_kw) == (ordered.number, 5)


# --- What is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("load", ["0", "0.01", "5", "10", "10.00"])
def test_a_load_within_the_range_passes(load: str) -> None:
    assert check_load(offering(), Decimal(load)) is None


@pytest.mark.parametrize(("load", "said"), [("10.01", "10.01"), ("-1", "-1"), ("1E+3", "1000"), ("50.00", "50")])
def test_a_load_out_of_range_is_told_the_range(load: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        application(load_kw=Decimal(load))

    assert refused.value.code == "load_out_of_range"
    assert str(refused.value) == (
        f"Residential Electricity Connection serves loads from 0 to 10 kW; {said} kW was asked for."
    )
    assert Application.objects.count() == 0


@pytest.mark.parametrize("load", ["NaN", "Infinity"])
def test_a_load_that_is_no_number_is_refused_as_any_other(load: str) -> None:
    with pytest.raises(Refused) as refused:
        application(load_kw=Decimal(load))

    assert refused.value.code == "load_out_of_range"


def test_a_place_outside_every_area_is_not_served() -> None:
    sacramento = Premises(address="1 Capitol Mall", latitude=Decimal("38.58"), longitude=Decimal("-121.49"))

    with pytest.raises(Refused, match="San Francisco Electric Authority does not serve this place") as refused:
        application(premises=sacramento)

    assert refused.value.code == "not_served"
    assert Application.objects.count() == 0


def test_a_provider_without_areas_serves_everywhere() -> None:
    everywhere = offering(provider=provider(area=False))
    anywhere = Premises(address="Null Island", latitude=Decimal(0), longitude=Decimal(0))

    assert check_place(everywhere, anywhere).served


def test_half_a_position_is_no_position() -> None:
    assert Premises(address="somewhere", latitude=Decimal("38.58")).place().position is None


def test_a_lost_sign_is_served_flagged_and_kept_as_it_was_given() -> None:
    guide = replace(VALENCIA_STREET, longitude=Decimal("122.419424"), position_as_given="37.774921,122.419424")

    flagged = application(premises=guide)

    assert "a sign seems lost" in flagged.attention
    assert "-122.419" in flagged.attention
    assert (flagged.longitude, flagged.position_as_given) == (Decimal("122.419424"), "37.774921,122.419424")


def test_a_corrected_position_takes_the_flag_away() -> None:
    application(**NETWORK, premises=replace(VALENCIA_STREET, longitude=Decimal("122.419424")))

    assert application(**NETWORK).attention == ""


def test_the_consumption_may_be_left_open() -> None:
    assert application(request=Request(requested_load_kw=Decimal(5))).monthly_consumption_kwh is None


# --- Changing an order ----------------------------------------------------------------------------------------------


def test_an_order_keeps_a_way_to_reach_its_applicant() -> None:
    order = scheduled_application()

    with pytest.raises(Refused, match=r"Give a telephone number or an e-mail address\."):
        amend_application(order, changes={"applicant_phone": "", "applicant_email": ""}, actor=SYSTEM)

    assert Application.objects.get().applicant_phone == "+14155553333"


def test_what_was_changed_by_another_hand_is_not_changed_back_unseen() -> None:
    order = scheduled_application()
    amend_application(order, changes={"postcode": "94111"}, actor=SYSTEM)

    with pytest.raises(Refused) as refusal:
        amend_application(order, changes={"postcode": "94112"}, seen={"postcode": "94110"}, actor=SYSTEM)

    assert refusal.value.code == "changed_meanwhile"
    assert Application.objects.get().postcode == "94111"


def test_another_house_number_leaves_other_warnings_where_they_are() -> None:
    order = scheduled_application()
    Application.objects.update(attention="The assessment found it not feasible: no pole.")

    amend_application(order, changes={"address": "125 Valencia Street"}, actor=SYSTEM)

    assert Application.objects.get().attention == "The assessment found it not feasible: no pole."


def test_a_better_position_takes_away_the_word_on_the_earlier_one_alone() -> None:
    lost = replace(VALENCIA_STREET, longitude=Decimal("122.419424"))
    order = scheduled_application(premises=lost)
    first = order.attention
    Application.objects.update(attention=f"{first} The assessment found it not feasible: no pole.")

    amend_application(order, changes={"longitude": Decimal("122.419000")}, actor=SYSTEM)
    again = Application.objects.get().attention
    amend_application(order, changes={"longitude": Decimal("-122.419424")}, actor=SYSTEM)

    assert first.startswith("Check the position: ")
    assert again.startswith("The assessment found it not feasible: no pole. Check the position: ")
    assert again.count("a sign seems lost") == 1
    assert Application.objects.get().attention == "The assessment found it not feasible: no pole."
