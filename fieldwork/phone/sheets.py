"""The forms of a visit, one table: which act each does, what it asks, and which photo it needs."""

from dataclasses import dataclass

from fieldwork.models import Photo, Visit, VisitState
from fieldwork.phone.forms import (
    FindingForm,
    IncompleteForm,
    InstallationForm,
    NoAccessForm,
    NoteForm,
    PhoneForm,
    UnsafeForm,
)

V = VisitState


@dataclass(frozen=True)
class Sheet:
    """`states`: when it can be filled in. `asks_again`: what is read once more before it counts."""

    name: str
    action: str
    form: type[PhoneForm]
    title: str
    button: str
    states: frozenset[str]
    photo_kind: str = ""
    photo_label: str = ""
    asks_again: bool = False


ON_SITE = frozenset({V.ON_SITE})
SHEETS = {
    sheet.name: sheet
    for sheet in (
        Sheet(
            "findings",
            "complete_assessment",
            FindingForm,
            "What did you find?",
            "Send the findings",
            ON_SITE,
            Photo.Kind.PREMISES,
            "Photo of the premises",
        ),
        Sheet(
            "installation",
            "complete_installation",
            InstallationForm,
            "The meter",
            "Check",
            ON_SITE,
            Photo.Kind.METER,
            "Photo of the meter on the wall",
            asks_again=True,
        ),
        Sheet("done", "complete_revisit", NoteForm, "What was done?", "Finish the visit", ON_SITE),
        Sheet(
            "no-access",
            "report_no_access",
            NoAccessForm,
            "No access",
            "Report no access",
            frozenset({V.ASSIGNED, V.EN_ROUTE, V.ON_SITE}),
            Photo.Kind.REASON,
            "Photo that shows why",
        ),
        Sheet(
            "unsafe",
            "report_unsafe",
            UnsafeForm,
            "Unsafe",
            "Report it as unsafe",
            frozenset({V.EN_ROUTE, V.ON_SITE}),
            Photo.Kind.REASON,
            "Photo, if you can take one safely",
        ),
        Sheet(
            "incomplete",
            "leave_incomplete",
            IncompleteForm,
            "Not finished",
            "Leave it unfinished",
            ON_SITE,
            Photo.Kind.REASON,
            "Photo of how it stands",
        ),
    )
}
SHEET_OF_KIND = {
    Visit.Kind.ASSESSMENT: SHEETS["findings"],
    Visit.Kind.INSTALLATION: SHEETS["installation"],
    Visit.Kind.REVISIT: SHEETS["done"],
}
WAYS_OUT = (SHEETS["no-access"], SHEETS["unsafe"], SHEETS["incomplete"])


def is_open(sheet: Sheet, visit: Visit) -> bool:
    """Whether this visit can be finished with this sheet now."""
    fits = sheet in WAYS_OUT or sheet == SHEET_OF_KIND[Visit.Kind(visit.kind)]
    return fits and visit.state in sheet.states


# Where a refusal is shown: beside the field that can mend it. What is not listed stands on top.
FIELD_OF_REFUSAL = {
    "meter_unknown": "serial",
    "meter_not_free": "serial",
    "meter_not_yours": "serial",
    "meter_unfit": "serial",
    "seal_missing": "seal_number",
    "seal_used": "seal_number",
    "readings_differ": "reading_again",
    "reading_invalid": "reading",
    "too_far": "position_reason",
    "position_missing": "position_reason",
    "reason_missing": "works_needed",
}
