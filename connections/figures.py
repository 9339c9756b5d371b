"""What this room tells at `/metrics`: figures about orders and letters. Persons are in none of them.

A module of this name is a room's part of `/metrics`, in every room that has one; config/metrics.py puts them together.
"""

from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from connections import marks
from connections.due_days import note_due_days
from connections.models import Application, Letter
from connections.promises import overdue
from connections.vocabulary import OPEN_STATES

STAGES = "orders-by-stage"
KEPT = 3600  # seconds; should nobody count any more, the figure goes away instead of lying
NOTING_SECONDS = 30  # of the 55 that a task may take


def count_orders() -> dict[str, tuple[int, int]]:
    """Orders under way and those past the utility's promise, by stage; remembered for `orders_by_stage`.

    For a worker now and then, not for whoever asks: it also notes by when orders are due (due_days.py).
    """
    now = timezone.now()
    note_due_days(now, NOTING_SECONDS)
    under_way = Application.objects.filter(fulfillment_state__in=OPEN_STATES)
    open_orders, late = _by_stage(under_way), _by_stage(overdue(under_way, now))
    found = {str(state): (open_orders.get(state, 0), late.get(state, 0)) for state in OPEN_STATES}
    marks.keep(STAGES, found, KEPT)
    return found


def _by_stage(applications: QuerySet[Application]) -> dict[str, int]:
    return dict(applications.order_by().values_list("fulfillment_state").annotate(Count("pk")))


def orders_by_stage() -> dict[str, tuple[int, int]]:
    """What `count_orders` last found, within the hour; nothing where there is nothing, or no cache."""
    return marks.kept(STAGES) or {}


def letters() -> dict[str, float]:
    """How many `waiting` and `dead` letters there are, and for how many seconds (`late`) the first has been due."""
    waiting = Letter.objects.filter(state__in=["NEW", "READY"]).aggregate(n=Count("pk"), first=Min("due_at"))
    late = (timezone.now() - waiting["first"]).total_seconds() if waiting["first"] else 0.0
    dead = Letter.objects.filter(state="DEAD").count()
    return {"waiting": waiting["n"], "dead": dead, "late": max(0.0, late)}
