"""Money, worked by hand beside the code's answer."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.pricing import (
    MINOR_UNITS,
    Asked,
    Line,
    Price,
    QuotedLine,
    Term,
    in_words,
    instalments,
    price,
    say_what_is_wrong,
    to_minor_unit,
)
from connections.currencies import CURRENCIES

FEE = Line("Connection fee", D("200"))
CABLE = Line("Cable", D("12.50"), per_kw=True, included_kw=D("5"))


@pytest.mark.parametrize(
    ("lines", "load_kw", "currency", "by_hand", "total"),
    [
        pytest.param([], D("5"), "USD", [], "0", id="nothing costs nothing"),
        pytest.param([FEE], D("5"), "USD", [("Connection fee", "200.00")], "200.00", id="the guide's fee"),
        pytest.param([FEE], None, "USD", [("Connection fee", "200.00")], "200.00", id="a fixed line needs no load"),
        pytest.param([FEE, CABLE], D("5"), "USD", [("Connection fee", "200.00")], "200.00", id="all of it included"),
        pytest.param([FEE, CABLE], None, "USD", [("Connection fee", "200.00")], "200.00", id="no load, no kilowatts"),
        pytest.param(
            [FEE, CABLE],
            D("8"),
            "USD",
            [("Connection fee", "200.00"), ("Cable (3 kW above 5 kW)", "37.50")],  # 3 x 12.50
            "237.50",
            id="three kilowatts above",
        ),
        pytest.param(
            [Line("Cable", D("12.50"), per_kw=True)],
            D("7.50"),
            "USD",
            [("Cable (7.5 kW above 0 kW)", "93.75")],  # 7.5 x 12.50
            "93.75",
            id="nothing included",
        ),
        pytest.param(
            [Line("Cable", D("0.33"), per_kw=True)],
            D("1.5"),
            "USD",
            [("Cable (1.5 kW above 0 kW)", "0.50")],  # 0.495, and half goes up
            "0.50",
            id="half a cent goes up",
        ),
        pytest.param(
            [Line("Cable", D("0.45"), per_kw=True)],
            D("1.1"),
            "USD",
            [("Cable (1.1 kW above 0 kW)", "0.50")],  # 0.495 again; half to even would agree
            "0.50",
            id="half a cent goes up to the even",
        ),
        pytest.param(
            [Line("Cable", D("0.05"), per_kw=True)],
            D("0.1"),
            "USD",
            [("Cable (0.1 kW above 0 kW)", "0.01")],  # 0.005; half to even would say 0.00
            "0.01",
            id="half a cent goes up from the even",
        ),
        pytest.param(
            [Line("A", D("0.333"), per_kw=True), Line("B", D("0.333"), per_kw=True)],
            D("1.5"),
            "USD",
            [("A (1.5 kW above 0 kW)", "0.50"), ("B (1.5 kW above 0 kW)", "0.50")],  # 0.4995 each, 0.999 together
            "1.00",
            id="the total is of what is shown, not of what was rounded away",
        ),
        pytest.param(
            [Line("接続料", D("20000.50"))], None, "JPY", [("接続料", "20001")], "20001", id="yen have no hundredths"
        ),
        pytest.param(
            [Line("Fee", D("1.2345"))], None, "KWD", [("Fee", "1.235")], "1.235", id="dinars have thousandths"
        ),
        pytest.param([Line("Nothing", D("0"))], None, "USD", [("Nothing", "0.00")], "0.00", id="a fee of nothing"),
        pytest.param(
            [Line("Cable", D("10"), per_kw=True, included_kw=D("100"))],
            D("1E+3"),
            "USD",
            [("Cable (900 kW above 100 kW)", "9000.00")],
            "9000.00",
            id="large numbers are written out",
        ),
    ],
)
def test_a_price_is_what_it_is_by_hand(
    lines: list[Line], load_kw: D | None, currency: str, by_hand: list[tuple[str, str]], total: str
) -> None:
    quoted = price(lines, load_kw, currency)

    assert [(line.title, str(line.amount)) for line in quoted.lines] == by_hand
    assert str(quoted.total) == total
    assert quoted.currency == currency


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("2.345", "USD", "2.35"),
        ("2.335", "USD", "2.34"),
        ("2.3449", "USD", "2.34"),
        ("-2.345", "USD", "-2.35"),
        ("2", "INR", "2.00"),
        ("2.5", "JPY", "3"),
        ("3.5", "KRW", "4"),
        ("2.0005", "BHD", "2.001"),
    ],
)
def test_half_a_minor_unit_is_rounded_up(amount: str, currency: str, rounded: str) -> None:
    assert str(to_minor_unit(D(amount), currency)) == rounded


def test_an_amount_is_worded_in_the_currencys_own_places() -> None:
    kept = D("1235.000")

    assert [in_words(kept, currency) for currency in ("USD", "KWD", "JPY")] == [
        "1,235.00 USD",
        "1,235.000 KWD",
        "1,235 JPY",
    ]


def quoted(total: str, currency: str = "USD") -> Price:
    return Price(currency, (QuotedLine("All of it", D(total)),))


@pytest.mark.parametrize(
    ("terms", "of", "by_hand"),
    [
        pytest.param([], quoted("200.00"), ["200.00"], id="no terms: all of it"),
        pytest.param([Term("ON_FULFILLMENT", "BPP", D("150"))], quoted("200.00"), ["150.00"], id="the guide's 150"),
        pytest.param([Term("ON_FULFILLMENT", "BPP", D("250"))], quoted("200.00"), ["200.00"], id="capped at the quote"),
        pytest.param(
            [Term("PRE_ORDER", "BAP", percent=D("25")), Term("ON_FULFILLMENT", "BPP", percent=D("75"))],
            quoted("237.50"),
            ["59.38", "178.12"],  # 59.375 goes up; the rest is 178.125, of which only 178.12 is left
            id="shares that round up still fit",
        ),
        pytest.param(
            [Term("PRE_ORDER", "BAP", percent=D("33.33"))] * 3,
            quoted("100.00"),
            ["33.33", "33.33", "33.33"],  # the last cent is asked for on the final invoice
            id="thirds leave a cent",
        ),
        pytest.param(
            [Term("PRE_ORDER", "BAP", D("150")), Term("ON_FULFILLMENT", "BPP", percent=D("100"))],
            quoted("200.00"),
            ["150.00", "50.00"],
            id="all of it after a deposit is what is left of it",
        ),
        pytest.param(
            [Term("PRE_ORDER", "BAP", D("200")), Term("ON_FULFILLMENT", "BPP", D("1"))],
            quoted("200.00"),
            ["200.00", "0.00"],
            id="nothing left",
        ),
        pytest.param([Term("PRE_ORDER", "BAP", percent=D("12.5"))], quoted("999", "JPY"), ["125"], id="a share of yen"),
        pytest.param(
            [Term("PRE_ORDER", "BAP", percent=D("50"))], quoted("1.235", "KWD"), ["0.618"], id="a share of dinars"
        ),
        pytest.param([Term("ON_FULFILLMENT", "BPP", D("150"))], quoted("0.00"), ["0.00"], id="a free connection"),
    ],
)
def test_instalments_are_what_they_are_by_hand(terms: list[Term], of: Price, by_hand: list[str]) -> None:
    assert [str(asked.amount) for asked in instalments(terms, of)] == by_hand


def test_without_terms_the_utility_asks_for_everything_when_power_is_on() -> None:
    assert instalments([], quoted("200.00")) == (Asked("ON_FULFILLMENT", "BPP", D("200.00")),)


def test_instalments_keep_the_order_and_the_parties_of_their_terms() -> None:
    terms = [Term("PRE_ORDER", "BAP", D("50")), Term("ON_FULFILLMENT", "AGENT", D("100"))]

    assert [(asked.type, asked.collected_by) for asked in instalments(terms, quoted("200.00"))] == [
        ("PRE_ORDER", "BAP"),
        ("ON_FULFILLMENT", "AGENT"),
    ]


def test_every_currency_of_other_than_hundredths_is_one_that_people_pay_in() -> None:
    assert set(MINOR_UNITS) <= CURRENCIES
    assert [in_words(D("150.25"), currency) for currency in ("UGX", "XOF", "IQD")] == [
        "150 UGX",
        "150 XOF",
        "150.250 IQD",
    ]


# --- For every offering, every load, every currency -----------------------------------------------------------------

money = st.decimals(min_value=0, max_value=10**7, places=2)
kilowatts = st.decimals(min_value=0, max_value=10**5, places=2)
currencies = st.sampled_from(["USD", "INR", "EUR", *MINOR_UNITS])
lines = st.builds(Line, st.just("Line"), money, st.booleans(), kilowatts)
amount_terms = st.builds(Term, st.just("PRE_ORDER"), st.just("BPP"), amount=money)
share_terms = st.builds(
    Term, st.just("PRE_ORDER"), st.just("BPP"), percent=st.decimals(min_value=0, max_value=100, places=2)
)


@given(st.lists(lines, max_size=6), st.none() | kilowatts, currencies)
def test_the_total_is_the_sum_of_the_lines_as_shown(some: list[Line], load_kw: D | None, currency: str) -> None:
    whole = price(some, load_kw, currency)

    assert whole.total == sum((line.amount for line in whole.lines), D(0))
    assert all(line.amount == to_minor_unit(line.amount, currency) for line in whole.lines)
    assert all(line.amount >= 0 for line in whole.lines)


@given(st.lists(lines, max_size=4), st.lists(amount_terms | share_terms, max_size=6), kilowatts, currencies)
def test_instalments_never_exceed_the_quote_and_are_never_negative(
    some: list[Line], terms: list[Term], load_kw: D, currency: str
) -> None:
    whole = price(some, load_kw, currency)

    asked = instalments(terms, whole)

    assert len(asked) == max(len(terms), 1)
    assert all(part.amount >= 0 for part in asked)
    assert sum((part.amount for part in asked), D(0)) <= whole.total


@given(st.lists(lines, min_size=1, max_size=4), kilowatts, kilowatts)
def test_more_load_never_costs_less(some: list[Line], load_kw: D, more: D) -> None:
    assert price(some, load_kw + more, "USD").total >= price(some, load_kw, "USD").total


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("150.25", "USD", ""),
        ("150.255", "KWD", ""),
        ("-1", "USD", "The amount must be above nothing."),
        ("50.001", "USD", "Give the amount with no more than 2 decimals, such as 150.25 USD."),
        ("50.0001", "KWD", "Give the amount with no more than 3 decimals, such as 150.250 KWD."),
        ("50.5", "JPY", "Give the amount without decimals, such as 150 JPY."),
    ],
)
def test_what_is_wrong_with_an_amount_is_said_by_the_decimals_of_its_currency(
    amount: str, currency: str, said: str
) -> None:
    assert say_what_is_wrong(D(amount), currency) == said
