"""How visits are written on the phone: in the words of the technician, on the clock that the view has set."""

from datetime import date, datetime
from decimal import Decimal
from urllib.parse import quote

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from connections.geography import Point
from fieldwork.models import Visit

register = template.Library()
TASKS = {
    Visit.Kind.ASSESSMENT: "Assess the premises",
    Visit.Kind.INSTALLATION: "Install the meter",
    Visit.Kind.REVISIT: "Follow up",
}


@register.filter
def hours(visit: Visit) -> str:
    """09:00–12:00, with the day where it is another one than the window's first."""
    if visit.window_start is None:
        return "No time yet"
    start = timezone.localtime(visit.window_start)
    if visit.window_end is None:
        return f"{start:%H:%M}"
    end = timezone.localtime(visit.window_end)
    return (
        f"{start:%H:%M}–{end:%H:%M}" if start.date() == end.date() else f"{start:%H:%M} to {weekday(end)}, {end:%H:%M}"
    )


@register.filter
def window(visit: Visit) -> str:
    """Tuesday 24 November, 09:00–12:00 PST."""
    if visit.window_start is None:
        return "No time yet"
    return f"{weekday(visit.window_start)}, {hours(visit)} {zone(visit)}"


@register.filter
def zone(visit: Visit) -> str:
    """PST: whose clock the hours are on."""
    return f"{timezone.localtime(visit.window_start):%Z}" if visit.window_start else ""


@register.filter
def weekday(day: date) -> str:
    """Tuesday 24 November; of a moment, as the view's clock has it."""
    return date_format(timezone.localtime(day) if isinstance(day, datetime) else day, "l j F", use_l10n=False)


@register.filter
def task(visit: Visit) -> str:
    return TASKS[Visit.Kind(visit.kind)]


@register.filter
def plain(number: Decimal | None) -> str:
    """Without the noughts that say nothing: 5, 12.5."""
    return "" if number is None else f"{number.normalize():f}"


@register.filter
def dial(phone: str) -> str:
    """A telephone number as tel: wants it."""
    return "".join(sign for sign in phone if sign.isdigit() or sign == "+")


@register.simple_tag
def map_link(address: str, position: Point | None) -> str:
    """Opens the phone's own map: at the position where it is certain, else at the address."""
    if position is None:
        return f"geo:0,0?q={quote(address)}"
    place = f"{position[0]:.6f},{position[1]:.6f}"
    return f"geo:{place}?q={place}({quote(address)})"
