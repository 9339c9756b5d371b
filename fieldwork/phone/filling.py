"""Filling in a sheet: photos are kept as they come, and nothing typed is lost when something is wrong."""

from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from connections.lifecycle import Refused
from fieldwork.acts import field_act
from fieldwork.assessing import words_when_over
from fieldwork.installing import plan_installation
from fieldwork.models import Technician, Visit
from fieldwork.phone.access import for_technicians, own_visit
from fieldwork.phone.forms import PhoneForm
from fieldwork.phone.over import GivenAway, show_too_late
from fieldwork.phone.pages import stay_or_go_on
from fieldwork.phone.photo import keep_what_came
from fieldwork.phone.sheets import FIELD_OF_REFUSAL, SHEETS, Sheet, is_open

OVER = {"wrong_state", "wrong_kind", "not_approved", "not_yours"}  # no field of the sheet can mend it


@require_http_methods(["GET", "POST"])
@for_technicians
def sheet_page(request: HttpRequest, technician: Technician, pk: int, name: str) -> HttpResponse:
    """GET shows the sheet, POST does its act; what is to be read once more first comes back to be confirmed."""
    sheet = SHEETS.get(name)
    if sheet is None:
        raise Http404
    try:
        visit = own_visit(technician, pk)
        if request.method == "POST":
            return _fill_in(request, technician, visit, sheet)
    except GivenAway as gone:
        form = sheet.form(request.POST, visit=gone.visit)
        return show_too_late(request, technician, gone.visit, str(gone), form)
    if not is_open(sheet, visit):
        return stay_or_go_on(request, visit, "That is not open for this visit now. This is how it stands.")
    return _show(request, technician, visit, sheet, sheet.form(visit=visit))


def _fill_in(request: HttpRequest, technician: Technician, visit: Visit, sheet: Sheet) -> HttpResponse:
    form = sheet.form(request.POST, visit=visit)
    photo_refusal = keep_what_came(request, visit, sheet.photo_kind)
    is_whole = form.is_valid() and not photo_refusal
    if not is_whole and not visit.is_pending:
        return show_too_late(request, technician, visit, words_when_over(visit), form)
    if "change" in request.POST or not is_whole:
        return _show(request, technician, visit, sheet, form, photo_refusal)
    try:
        if sheet.asks_again and "confirmed" not in request.POST:
            plan = plan_installation(visit, **form.details())
            return render(request, "fieldwork/check.html", {**_context(technician, visit, sheet, form), "plan": plan})
        field_act(visit, sheet.action, client_id=form.client_uuid, technician=technician, **form.details())
    except Refused as refusal:
        return _refuse(request, technician, visit, sheet, form, refusal)
    return redirect("field:visit", pk=visit.pk)


def _refuse(
    request: HttpRequest, technician: Technician, visit: Visit, sheet: Sheet, form: PhoneForm, refusal: Refused
) -> HttpResponse:
    if refusal.code in OVER:
        now = own_visit(technician, visit.pk)
        words = str(refusal) if now.is_pending else words_when_over(now)
        return show_too_late(request, technician, now, words, form)
    if refusal.code == "photo_missing":
        return _show(request, technician, visit, sheet, form, str(refusal))
    field = FIELD_OF_REFUSAL.get(refusal.code)
    form.add_error(field if field in form.fields else None, str(refusal))
    return _show(request, technician, visit, sheet, form)


def _show(
    request: HttpRequest,
    technician: Technician,
    visit: Visit,
    sheet: Sheet,
    form: PhoneForm,
    photo_refusal: str = "",
) -> HttpResponse:
    context = {
        **_context(technician, visit, sheet, form),
        "photo_refusal": photo_refusal,
        "photos": visit.photos.filter(kind=sheet.photo_kind),
        "photo_id": uuid4(),
    }
    wrong = form.is_bound and (form.errors or photo_refusal)
    return render(request, "fieldwork/sheet.html", context, status=422 if wrong else 200)


def _context(technician: Technician, visit: Visit, sheet: Sheet, form: PhoneForm) -> dict[str, object]:
    return {
        "technician": technician,
        "provider": technician.provider,
        "visit": visit,
        "application": visit.application,
        "sheet": sheet,
        "form": form,
    }
