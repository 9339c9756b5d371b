"""The first page: what waits for somebody. Each room brings its own cards; nobody sees what they may not open."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from connections.admin.application_list import on_hold
from connections.admin.long_list import count_some
from connections.admin.look import APPLICATION_TONES
from connections.admin.to_be_checked import ToBeChecked, to_be_checked
from connections.models import Application, Document, SupportRequest
from connections.promises import overdue
from connections.vocabulary import ApplicationState

S = ApplicationState


class Card(NamedTuple):
    """A figure (of `count_some`) and what it means. `waits` when a person should do something about it."""

    title: str
    figure: int | str
    means: str
    address: str
    waits: bool = False


Cards = Callable[[HttpRequest], Iterable[Card]]
_rooms: list[Cards] = []


def dashboard_cards(function: Cards) -> Cards:
    """Show this room's cards on the first page. The function keeps back what `request.user` may not view."""
    _rooms.append(function)
    return function


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK."""
    context["title"] = context["content_title"] = "Today"
    context["cards"] = [card for room in _rooms for card in room(request)]
    context["states"] = _applications_by_state(request)
    return context


@dashboard_cards
def what_the_desk_waits_for(request: HttpRequest) -> Iterable[Card]:
    applications = reverse("admin:connections_application_changelist")
    if request.user.has_perm("connections.view_application"):
        late = count_some(overdue(Application.objects.all()))
        yield Card("Overdue", late, "orders past the promised day", f"{applications}?due=over", bool(late))
        look = count_some(Application.objects.exclude(attention=""))
        yield Card("Needs a look", look, "applications with a warning", f"{applications}?look=yes", bool(look))
        held = count_some(on_hold(Application.objects.all()))
        yield Card("On hold", held, "orders that wait for something", f"{applications}?hold=yes")
        ready = count_some(Application.objects.filter(fulfillment_state=S.ASSESSMENT_COMPLETED))
        address = f"{applications}?fulfillment_state__exact={S.ASSESSMENT_COMPLETED}"
        yield Card("To decide", ready, "assessed, to be approved or rejected", address, bool(ready))
    if request.user.has_perm("connections.view_document"):
        handed_in = count_some(to_be_checked(Document.objects.all()))
        address = f"{reverse('admin:connections_document_changelist')}?{ToBeChecked.parameter_name}=yes"
        yield Card("Documents to check", handed_in, "handed in, no verdict yet", address, bool(handed_in))
    if request.user.has_perm("connections.view_supportrequest"):
        calls = count_some(SupportRequest.objects.filter(done_at=None))
        address = f"{reverse('admin:connections_supportrequest_changelist')}?done=no"
        yield Card("Asked for help", calls, "calls to be answered", address, bool(calls))


def _applications_by_state(request: HttpRequest) -> list[dict[str, Any]]:
    """Every state with its count, as far as one counts, in the order of a life."""
    if not request.user.has_perm("connections.view_application"):
        return []
    counts = {state: count_some(Application.objects.filter(fulfillment_state=state)) for state in S}
    address = reverse("admin:connections_application_changelist")
    return [
        {
            "code": state.value,
            "label": state.label,
            "tone": APPLICATION_TONES[state],
            "count": counts[state],
            "address": f"{address}?fulfillment_state__exact={state.value}",
        }
        for state in S
    ]
