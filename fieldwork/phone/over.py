"""What came too late: the visit is over, or somebody else's. Nothing is written down, and nothing typed is lost."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from fieldwork.models import Technician, Visit
from fieldwork.phone.forms import PhoneForm

Typed = list[tuple[str, str]]


class GivenAway(Exception):
    """The visit was the technician's and is not any more."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(f"The office gave this visit to {visit.technician or 'nobody yet'}.")
        self.visit = visit


def show_too_late(
    request: HttpRequest, technician: Technician, visit: Visit, words: str, form: PhoneForm | None = None
) -> HttpResponse:
    """409 with `words` on why, and with what stands in `form`, to be copied."""
    context = {
        "technician": technician,
        "provider": technician.provider,
        "visit": visit,
        "is_theirs": visit.technician_id == technician.pk,
        "words": words,
        "typed": typed_on(form) if form else [],
        "was_sent": request.method == "POST",
    }
    return render(request, "fieldwork/too_late.html", context, status=409)


def typed_on(form: PhoneForm) -> Typed:
    """Label and words of every field that was filled in, as a person reads them."""
    rows = []
    for field in form.visible_fields():
        value = str(field.value() or "").strip()
        said = str(dict(getattr(field.field, "choices", ())).get(value, value))
        unit = getattr(field.field, "unit", "")
        rows.append((str(field.label), f"{said} {unit}".strip() if value else ""))
    return [(label, said) for label, said in rows if said]
