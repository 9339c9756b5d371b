"""Numbers on the wire are texts (core `DecimalValue`)."""

from decimal import Decimal, InvalidOperation

from beckn_adapter.errors import INVALID_REQUEST, BecknError
from billing.pricing import to_minor_unit


def write_number(value: Decimal) -> str:
    """`200` for 200.00, `0.5` for 0.50: no needless zeros, never an exponent."""
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def write_money(value: Decimal, currency: str) -> str:
    """`200` for a whole amount, `150.50` with the currency's minor unit otherwise."""
    exact = to_minor_unit(value, currency)
    return f"{exact:.0f}" if exact == exact.to_integral_value() else f"{exact:f}"


def read_number(text: object, path: str, *, what: str) -> Decimal:
    """A number from 0 to 9,999,999 with at most 2 decimals, or a BecknError that names the path."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise BecknError(INVALID_REQUEST, f"{what} is {str(text)[:40]!r}, a number was expected.", path) from None
    if not value.is_finite() or not 0 <= value < 10_000_000:
        raise BecknError(INVALID_REQUEST, f"{what} must lie between 0 and 9999999.", path)
    if value != round(value, 2):
        raise BecknError(INVALID_REQUEST, f"{what} may have two decimals at most.", path)
    return round(value, 2)


def read_money(text: object, currency: str, path: str, *, what: str) -> Decimal:
    """An amount above or at zero, in whole minor units of its currency, or a BecknError that names the path."""
    try:
        value = Decimal(str(text).strip())
    except InvalidOperation:
        raise BecknError(INVALID_REQUEST, f"{what} is {str(text)[:40]!r}, a number was expected.", path) from None
    if not value.is_finite() or not 0 <= value < 10**10:
        raise BecknError(INVALID_REQUEST, f"{what} must lie between 0 and 9999999999.", path)
    if value != to_minor_unit(value, currency):
        example = to_minor_unit(Decimal(1), currency)
        raise BecknError(INVALID_REQUEST, f"{what} has more decimals than {currency} has: write {example}.", path)
    return to_minor_unit(value, currency)
