"""What an application is told it costs, and what must be paid before the work."""

from datetime import timedelta
from decimal import Decimal as D

import pytest
from django.db import transaction
from django.utils import timezone

from billing.models import Instalment, Quote
from billing.payments import record_payment
from billing.services import price_offering, quote_application
from connections.lifecycle import Refused, advance
from connections.models import Application, PriceLine
from connections.vocabulary import ApplicationState as S
from tests.factories import SYSTEM, application, application_in, offering, provider, verify_documents

pytestmark = pytest.mark.django_db
NETWORK = {"source": "bap.example", "source_reference": "txn-1"}
WITH_CABLE = (
    {"title": "Connection fee", "amount": D("200")},
    {"title": "Cable", "kind": PriceLine.Kind.PER_KW, "amount": D("12.50"), "included_kw": D("5")},
)
DEPOSIT = (
    {"type": "PRE_FULFILLMENT", "collected_by": "BPP", "amount": D("50")},
    {"type": "ON_FULFILLMENT", "collected_by": "BPP", "amount": D("150")},
)


def told(of: Application) -> tuple[list[tuple[str, D]], D, list[D]]:
    """Lines, total and instalments as the database keeps them."""
    quote = Quote.objects.get(application=of)
    lines = [(line.title, line.amount) for line in quote.lines.all()]
    return lines, quote.total, [part.amount for part in Instalment.objects.filter(application=of)]


# --- The quote ------------------------------------------------------------------------------------------------------


def test_an_offering_is_priced_from_its_lines_as_staff_keep_them() -> None:
    priced = price_offering(offering(lines=WITH_CABLE), D("8"))

    assert (priced.currency, str(priced.total)) == ("USD", "237.50")


def test_whoever_opens_an_application_is_told_the_price() -> None:
    opened = application()

    assert told(opened) == ([("Connection fee", D("200"))], D("200"), [D("150")])
    assert opened.quote.currency == "USD"


def test_a_quote_holds_as_long_as_the_provider_says() -> None:
    opened = application(offering=offering(provider=provider(quote_valid_days=10)))

    assert abs(opened.quote.valid_until - timezone.now() - timedelta(days=10)) < timedelta(minutes=1)


def test_a_corrected_draft_is_told_the_price_anew() -> None:
    offered = offering(lines=WITH_CABLE, terms=DEPOSIT)
    application(offering=offered, **NETWORK)

    corrected = application(offering=offered, load_kw=D("8"), **NETWORK)

    assert told(corrected) == (
        [("Connection fee", D("200")), ("Cable (3 kW above 5 kW)", D("37.50"))],
        D("237.50"),
        [D("50"), D("150")],
    )


def test_a_price_that_staff_change_does_not_reach_what_was_already_told() -> None:
    opened = application()

    PriceLine.objects.update(amount=D("999"))

    assert told(opened)[1] == D("200")


def test_quoting_again_replaces_and_does_not_add() -> None:
    opened = application()

    with transaction.atomic():
        quote_application(opened, actor=SYSTEM)

    assert told(opened) == ([("Connection fee", D("200"))], D("200"), [D("150")])
    assert Quote.objects.count() == 1


def test_thousandths_of_a_dinar_are_kept_and_the_lines_still_add_up() -> None:
    kuwait = provider(code="kuwait_power", currency="KWD", area=False)
    cable = ({"title": "Cable", "kind": PriceLine.Kind.PER_KW, "amount": D("1.15")},)

    quote = application(
        offering=offering(provider=kuwait, code="kw", lines=cable * 2, terms=()), load_kw=D("1.33")
    ).quote

    assert [line.amount for line in quote.lines.all()] == [D("1.530"), D("1.530")]  # 1.5295, half goes up
    assert (quote.total, str(quote)) == (D("3.060"), "3.060 KWD")


def test_a_quote_is_worded_in_the_currencys_own_places() -> None:
    assert str(Quote.objects.get(application=application())) == "200.00 USD"


def test_an_offering_without_terms_asks_for_all_when_power_is_on() -> None:
    part = application(offering=offering(terms=())).instalments.get()

    assert (part.type, part.collected_by, part.amount) == ("ON_FULFILLMENT", "BPP", D("200"))


# --- What it means for the application ------------------------------------------------------------------------------


def test_an_approval_waits_for_what_is_due_before_the_work() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED, offering=offering(terms=DEPOSIT))
    verify_documents(waiting)

    with pytest.raises(Refused, match=r"Not paid yet: 50\.00 USD, before the work\.$") as refused:
        advance(waiting, "approve", actor=SYSTEM)
    assert refused.value.code == "payment_open"

    record_payment(waiting, amount=D("50"), actor=SYSTEM)
    assert advance(waiting, "approve", actor=SYSTEM).fulfillment_state == S.APPROVED


def test_a_deposit_paid_in_part_is_not_paid() -> None:
    waiting = application_in(S.ASSESSMENT_COMPLETED, offering=offering(terms=DEPOSIT))
    verify_documents(waiting)
    record_payment(waiting, amount=D("49.99"), actor=SYSTEM)

    with pytest.raises(Refused, match="Not paid yet"):
        advance(waiting, "approve", actor=SYSTEM)


def test_what_is_due_when_power_is_on_does_not_keep_an_approval_waiting() -> None:
    assert application_in(S.APPROVED).instalments.get().type == "ON_FULFILLMENT"
