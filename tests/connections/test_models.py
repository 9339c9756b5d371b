"""What the database itself refuses, whoever asks."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Model

from connections.models import (
    Application,
    CancellationTerm,
    Document,
    Offering,
    PaymentTerm,
    PriceLine,
    ServiceArea,
)
from connections.vocabulary import ApplicationState as S
from connections.vocabulary import PaymentType
from tests.factories import application, application_in, offering, provider, scheduled_application

pytestmark = pytest.mark.django_db


def by_hand(statement: str, *values: Any) -> None:
    """SQL past all our code, in its own savepoint."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)


# --- The state ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("thing", "field"), [(application, "fulfillment_state"), (None, "state")])
def test_a_state_is_not_assigned(thing: Callable[[], Model] | None, field: str) -> None:
    row = thing() if thing else application().documents.all()[0]

    with pytest.raises(AttributeError, match="Direct"):
        setattr(row, field, "APPROVED")


def test_the_database_knows_no_unknown_state() -> None:
    row = scheduled_application()

    with pytest.raises(IntegrityError, match="application_state_known"):
        by_hand("UPDATE connections_application SET fulfillment_state = 'FLYING' WHERE id = %s", row.pk)


@pytest.mark.parametrize(
    "lacking",
    [
        pytest.param({"meter_serial": ""}, id="no meter"),
        pytest.param({"seal_number": ""}, id="no seal"),
        pytest.param({"initial_reading_kwh": None}, id="no reading"),
        pytest.param({"meter_serial": "", "seal_number": "", "initial_reading_kwh": None}, id="nothing at all"),
    ],
)
def test_no_power_without_meter_seal_and_reading(lacking: dict[str, Any]) -> None:
    row = application_in(S.APPROVED)
    given = {"meter_serial": "84469825", "seal_number": "S-1", "initial_reading_kwh": Decimal(0), **lacking}

    with pytest.raises(IntegrityError, match="no_power_without_meter_seal_and_reading"):
        by_hand(
            "UPDATE connections_application SET fulfillment_state = 'CONNECTION_ESTABLISHED',"
            " meter_serial = %s, seal_number = %s, initial_reading_kwh = %s WHERE id = %s",
            *given.values(),
            row.pk,
        )


def test_a_reading_of_zero_is_a_reading() -> None:
    row = application_in(S.CONNECTION_ESTABLISHED)

    assert Application.objects.get(pk=row.pk).initial_reading_kwh == 0


def test_an_order_has_its_number() -> None:
    draft = application()

    with pytest.raises(IntegrityError, match="an_order_has_its_number"):
        by_hand("UPDATE connections_application SET fulfillment_state = 'SCHEDULED' WHERE id = %s", draft.pk)


def test_a_document_is_not_rejected_without_its_reason_even_by_hand() -> None:
    row = application().documents.all()[0]

    with pytest.raises(IntegrityError, match="rejection_has_its_reason"):
        by_hand("UPDATE connections_document SET state = 'REJECTED' WHERE id = %s", row.pk)


def test_the_order_number_begins_with_the_providers_prefix() -> None:
    ordered = scheduled_application()

    assert ordered.number == f"conn-order-{ordered.pk:03d}"
    assert str(ordered) == f"{ordered.number}, J. P."


# --- What may stand only once, or only within bounds ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        ("offering_load_range", lambda o: Offering.objects.create(provider=o.provider, max_load_kw=-1, min_load_kw=-2)),
        ("offering_load_range", lambda o: Offering.objects.create(provider=o.provider, max_load_kw=1, min_load_kw=2)),
        (
            "offering_code_once_a_provider",
            lambda o: Offering.objects.create(provider=o.provider, code=o.code, max_load_kw=1),
        ),
        ("price_line_not_negative", lambda o: PriceLine.objects.create(offering=o, title="x", amount=-1)),
        ("payment_term_amount_or_share", lambda o: PaymentTerm.objects.create(offering=o, type="PRE_ORDER")),
        (
            "payment_term_amount_or_share",
            lambda o: PaymentTerm.objects.create(offering=o, type="PRE_ORDER", amount=1, percent=1),
        ),
        (
            "payment_term_amount_or_share",
            lambda o: PaymentTerm.objects.create(offering=o, type="PRE_ORDER", percent=101),
        ),
        ("service_area_code_once_a_provider", lambda o: ServiceArea.objects.create(provider=o.provider, name="again")),
        (
            "service_area_circle_whole",
            lambda o: ServiceArea.objects.create(provider=o.provider, code="2", name="half", centre_latitude=1),
        ),
        (
            "cancellation_fee_is_a_share",
            lambda o: CancellationTerm.objects.create(provider=o.provider, state=S.APPROVED, fee_percent=101),
        ),
        ("document_required_once", lambda o: o.required_documents.create(code="id-proof", name="again")),
    ],
)
def test_the_database_refuses_what_the_catalogue_must_not_say(
    constraint: str, make: Callable[[Offering], object]
) -> None:
    offered = offering()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make(offered)


def test_a_source_brings_a_reference_only_once() -> None:
    first = application(source="bap.example", source_reference="txn-1")

    with pytest.raises(IntegrityError, match="one_application_a_source_reference"), transaction.atomic():
        Application.objects.create(
            provider=first.provider,
            offering=first.offering,
            source="bap.example",
            source_reference="txn-1",
            requested_load_kw=1,
        )


def test_an_application_has_a_requirement_only_once() -> None:
    row = application()

    with pytest.raises(IntegrityError, match="one_document_a_requirement"), transaction.atomic():
        Document.objects.create(application=row, code="id-proof", name="again")


# --- What a form is told --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("area", "field"),
    [
        pytest.param({"polygon": [[37.7, -122.5], [37.8, -122.4]]}, "polygon", id="two corners"),
        pytest.param({"polygon": [[137.7, -122.5], [37.8, -122.4], [37.8, -122.3]]}, "polygon", id="off the globe"),
        pytest.param({"polygon": [["a", "b"], [1, 2], [3, 4]]}, "polygon", id="corners in words"),
        pytest.param({"polygon": [1, 2, 3]}, "polygon", id="corners without pairs"),
        pytest.param({"polygon": "San Francisco"}, "polygon", id="a name"),
        pytest.param({"city_codes": "NANP:628"}, "city_codes", id="a text for a list"),
        pytest.param({"city_codes": [""]}, "city_codes", id="an empty code"),
        pytest.param({"postcodes": [94110]}, "postcodes", id="numbers for texts"),
        pytest.param({"radius_km": 5}, "radius_km", id="a radius without centre"),
    ],
)
def test_a_service_area_that_makes_no_sense_is_told_where(area: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as told:
        ServiceArea(provider=provider(), name="x", **area).clean()

    assert list(told.value.message_dict) == [field]


def test_a_service_area_that_makes_sense_passes() -> None:
    area = ServiceArea(
        provider=provider(),
        code="2",
        name="Alcatraz",
        postcodes=["94133"],
        centre_latitude=Decimal("37.8267"),
        centre_longitude=Decimal("-122.4230"),
        radius_km=Decimal("0.5"),
    )

    area.full_clean()

    assert area.as_area().centre == (37.8267, -122.423)
    assert area.as_area().radius_km == 0.5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"applicant_phone": "", "applicant_email": ""}, "applicant_phone"),
        ({"longitude": None}, "longitude"),
        ({"applicant_phone": "call me"}, "applicant_phone"),
        ({"requested_load_kw": Decimal("-1")}, "requested_load_kw"),
    ],
)
def test_an_application_that_makes_no_sense_is_told_where(changes: dict[str, Any], field: str) -> None:
    row = application()
    for name, value in changes.items():
        setattr(row, name, value)

    with pytest.raises(ValidationError) as told:
        row.full_clean(exclude=["fulfillment_state"])  # as forms do: it is not editable

    assert field in told.value.message_dict


@pytest.mark.parametrize(("amount", "percent"), [(None, None), (Decimal(1), Decimal(1))], ids=["neither", "both"])
def test_a_payment_term_is_an_amount_or_a_share(amount: Decimal | None, percent: Decimal | None) -> None:
    with pytest.raises(ValidationError) as told:
        PaymentTerm(offering=offering(), type=PaymentType.PRE_ORDER, amount=amount, percent=percent).clean()

    assert list(told.value.message_dict) == ["amount"]


def test_an_offering_whose_range_is_upside_down_is_told_so() -> None:
    with pytest.raises(ValidationError) as told:
        Offering(min_load_kw=Decimal(5), max_load_kw=Decimal(1)).clean()

    assert list(told.value.message_dict) == ["max_load_kw"]
