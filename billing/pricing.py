"""What a connection costs. Pure: an offering's lines and a load in, quote and instalments out. Money is Decimal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND"
MINOR_UNITS = {**dict.fromkeys(_WHOLE.split(), 0), **dict.fromkeys(_THOUSANDTHS.split(), 3)}  # ISO 4217


@dataclass(frozen=True)
class Line:
    """A price line: `amount` once, or for each kW above `included_kw` where `per_kw`."""

    title: str
    amount: Decimal
    per_kw: bool = False
    included_kw: Decimal = Decimal(0)


@dataclass(frozen=True)
class Term:
    """An instalment as the utility asks for it: an `amount`, or a share in `percent` of the quote."""

    type: str
    collected_by: str
    amount: Decimal | None = None
    percent: Decimal | None = None


@dataclass(frozen=True)
class QuotedLine:
    title: str
    amount: Decimal


@dataclass(frozen=True)
class Asked:
    """An instalment with its amount worked out."""

    type: str
    collected_by: str
    amount: Decimal


@dataclass(frozen=True)
class Price:
    """A quote: its total is the sum of its lines, always."""

    currency: str
    lines: tuple[QuotedLine, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


def to_minor_unit(amount: Decimal, currency: str) -> Decimal:
    """Rounded half up to the currency's minor unit (ISO 4217: two places unless listed)."""
    return amount.quantize(Decimal(1).scaleb(-MINOR_UNITS.get(currency, 2)), rounding=ROUND_HALF_UP)


def in_words(amount: Decimal, currency: str) -> str:
    """An amount for a person: 150.00 USD, 1.235 KWD, 20,001 JPY, however many places the database keeps."""
    return f"{to_minor_unit(amount, currency):,f} {currency}"


def say_decimals(currency: str) -> str:
    """How exact an amount may be: with no more than 2 decimals, such as 150.25 USD."""
    places = MINOR_UNITS.get(currency, 2)
    how = f"with no more than {places} decimals" if places else "without decimals"
    return f"{how}, such as {in_words(Decimal('150.25'), currency)}"


def say_what_is_wrong(amount: Decimal, currency: str) -> str:
    """Why this can not be an amount that moves, as a sentence; empty where it can."""
    if amount <= 0:
        return "The amount must be above nothing."
    if to_minor_unit(amount, currency) != amount:
        return f"Give the amount {say_decimals(currency)}."
    return ""


def price(lines: Iterable[Line], load_kw: Decimal | None, currency: str) -> Price:
    """Price a load (kW). Without a load only the fixed lines count; a per-kW line that comes to nothing is left out."""
    quoted = []
    for line in lines:
        if not line.per_kw:
            quoted.append(QuotedLine(line.title, to_minor_unit(line.amount, currency)))
            continue
        above = max((load_kw or Decimal(0)) - line.included_kw, Decimal(0))
        if above:
            title = f"{line.title} ({above.normalize():f} kW above {line.included_kw.normalize():f} kW)"
            quoted.append(QuotedLine(title, to_minor_unit(line.amount * above, currency)))
    return Price(currency, tuple(quoted))


def instalments(terms: Sequence[Term], quoted: Price) -> tuple[Asked, ...]:
    """What is asked for, in order; never more than the quote. Without terms the full quote, when power is on.

    What the terms leave of the quote is asked for on the final invoice.
    """
    if not terms:
        return (Asked("ON_FULFILLMENT", "BPP", quoted.total),)
    left, asked = quoted.total, []
    for term in terms:
        wanted = term.amount if term.amount is not None else quoted.total * (term.percent or Decimal(0)) / 100
        amount = min(to_minor_unit(wanted, quoted.currency), left)
        asked.append(Asked(term.type, term.collected_by, amount))
        left -= amount
    return tuple(asked)


def cancellation_fee(quoted: Price, percent: Decimal) -> Decimal:
    """The share of the quote that is kept, rounded to the minor unit."""
    return to_minor_unit(quoted.total * percent / 100, quoted.currency)
