"""What this room tells at `/metrics`: figures about orders and letters. Persons are in none of them.

A module of this name is a room's part of `/metrics`, in every room that has one; config/metrics.py puts them together.
"""

from collections import Counter
from datetime import date

from django.core.cache import cache
from django.db.models import Count, Min
from django.utils import timezone

from connections.models import Application, Letter
from connections.promises import due_of, note_due_days, with_clock
from connections.vocabulary import OPEN_STATES

STAGES = "orders-by-stage"
KEPT = 3600  # seconds; should nobody count any more, the figure goes away instead of lying
AT_ONCE = 200  # applications read together


def count_orders() -> dict[str, tuple[int, int]]:
    """Orders under way and those past the utility's promise, by stage; remembered for `orders_by_stage`.

    A millisecond or two an order: for a worker now and then, not for whoever asks. So it also notes by when each order
    is due, where that is another day than it was.
    """
    open_orders, late = Counter[str](), Counter[str]()
    moved: dict[int, date | None] = {}
    now = timezone.now()
    under_way = with_clock(Application.objects.filter(fulfillment_state__in=OPEN_STATES).select_related("provider"))
    for application in under_way.iterator(chunk_size=AT_ONCE):
        due = due_of(application, now)
        open_orders[application.fulfillment_state] += 1
        late[application.fulfillment_state] += bool(due and due.is_late)
        day = due.day if due else None
        if day != application.due_on:
            moved[application.pk] = day
    note_due_days(moved)
    found = {str(state): (open_orders[state], late[state]) for state in OPEN_STATES}
    cache.set(STAGES, found, timeout=KEPT)
    return found


def orders_by_stage() -> dict[str, tuple[int, int]]:
    """What `count_orders` last found, within the hour; nothing where there is nothing, or no cache."""
    try:
        return cache.get(STAGES) or {}
    except Exception:  # noqa: BLE001 - whatever a cache raises, the other figures are told
        return {}


def letters() -> dict[str, float]:
    """How many `waiting` and `dead` letters there are, and for how many seconds (`late`) the first has been due."""
    waiting = Letter.objects.filter(state__in=["NEW", "READY"]).aggregate(n=Count("pk"), first=Min("due_at"))
    late = (timezone.now() - waiting["first"]).total_seconds() if waiting["first"] else 0.0
    dead = Letter.objects.filter(state="DEAD").count()
    return {"waiting": waiting["n"], "dead": dead, "late": max(0.0, late)}
