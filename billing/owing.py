"""Which orders may owe something (`Application.owes`), so that the list of what is due passes over the others.

It may say so of an order that owes nothing; whether an instalment is open its balance says.
"""

from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from billing.models import Entry, Instalment
from connections.models import Application
from connections.vocabulary import OPEN_STATES, ApplicationState

ASKED_FOR = [*OPEN_STATES, ApplicationState.CONNECTION_ESTABLISHED]  # of an order that ended only the fee is asked
SOMETHING_OPEN = Exists(Instalment.objects.filter(application=OuterRef("pk"), balance__gt=0))
AT_ONCE = 1000  # orders in a transaction


def note_whether_it_owes(entry: Entry) -> None:
    """After the balances have moved. Under the application's lock."""
    order = Application.objects.filter(pk=entry.application_id)
    if entry.is_debit:
        order.filter(SOMETHING_OPEN, owes=False).update(owes=True)
    else:
        order.filter(~SOMETHING_OPEN, owes=True).update(owes=False)


def note_who_owes_nothing() -> int:
    """Of all orders, once nothing runs any more that asks for money and does not note it; returns how many. Those that
    owe again by what an older release did are noted first."""
    Application.objects.filter(SOMETHING_OPEN, owes=False).update(owes=True)
    noted, last = 0, 0
    candidates = Application.objects.filter(~SOMETHING_OPEN, owes=True, fulfillment_state__in=ASKED_FOR).order_by("pk")
    while ids := list(candidates.filter(pk__gt=last).values_list("pk", flat=True)[:AT_ONCE]):
        noted, last = noted + _note(ids), ids[-1]
    return noted


@transaction.atomic
def _note(ids: list[int]) -> int:
    """Looked at again under their locks: something may have been asked for just now."""
    some = Application.objects.filter(pk__in=ids)
    if connection.features.has_select_for_update:
        list(some.select_for_update().order_by("pk").values_list("pk"))
    return some.filter(~SOMETHING_OPEN).update(owes=False)
