"""The numbers of papers follow each other without a gap, whoever issues at the same time and whatever fails."""

from decimal import Decimal as D
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import Series, Voucher
from billing.payments import record_payment
from billing.vouchers import issue_demand_note
from connections.models import Application
from tests.billing.paper_trail import agency, draft_for, with_deposit
from tests.conftest import AtOnce
from tests.factories import SYSTEM, bring_to, offering, provider

YEAR = timezone.localdate().year


def numbers(kind: str = "DEMAND_NOTE") -> list[str]:
    return list(Voucher.objects.filter(kind=kind).order_by("number").values_list("number", flat=True))


def issue(order: Application) -> Voucher | None:
    with transaction.atomic():
        return issue_demand_note(order, actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_numbers_that_are_taken_at_the_same_time_have_no_gap_and_no_twin(at_once: AtOnce) -> None:
    assert connection.vendor == "postgresql"
    order = bring_to(draft_for(), "SCHEDULED")  # takes the first

    outcomes = at_once(12, lambda: issue(Application.objects.get(pk=order.pk)))

    assert all(isinstance(outcome, Voucher) for outcome in outcomes), outcomes
    assert numbers() == [f"DN-{YEAR}-{n:06d}" for n in range(1, 14)]


@pytest.mark.django_db(transaction=True)
def test_the_first_numbers_of_a_year_can_be_taken_at_the_same_time(at_once: AtOnce) -> None:
    orders = [bring_to(draft_for(), "SCHEDULED") for _ in range(6)]
    left = iter(orders)

    at_once(6, lambda: record_payment(next(left), amount=D(50), actor=SYSTEM))

    assert numbers("RECEIPT") == [f"RCP-{YEAR}-{n:06d}" for n in range(1, 7)]


@pytest.mark.django_db(transaction=True)
def test_a_paper_that_is_rolled_back_gives_its_number_back(at_once: AtOnce) -> None:
    order = bring_to(draft_for(), "SCHEDULED")
    turns = iter(range(8))

    def issue_or_fail() -> Any:
        turn = next(turns)
        with transaction.atomic():
            issued = issue_demand_note(Application.objects.get(pk=order.pk), actor=SYSTEM)
            if turn % 2:
                raise RuntimeError("the till caught fire")
        return issued

    outcomes = at_once(8, issue_or_fail)

    assert sum(isinstance(outcome, RuntimeError) for outcome in outcomes) == 4
    assert numbers() == [f"DN-{YEAR}-{n:06d}" for n in range(1, 6)]
    assert Series.objects.get(kind="DEMAND_NOTE").last == 5


@pytest.mark.django_db
def test_every_provider_has_series_of_its_own_for_every_kind() -> None:
    other = offering(provider=provider(code="other", area=False), code="o", terms=(), documents=())
    here, there = (
        bring_to(draft_for(offering=with_deposit(provider=agency())), "SCHEDULED"),
        bring_to(draft_for(offering=other), "SCHEDULED"),
    )

    for order in (here, there):
        record_payment(order, amount=D(20), actor=SYSTEM)

    assert numbers("RECEIPT") == [f"RCP-{YEAR}-000001"] * 2
    assert numbers() == [f"DN-{YEAR}-000001"]
