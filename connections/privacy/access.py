"""Who may see people in full, and the record of having seen them."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from connections.models import Application, PersonalDataView

IN_FULL = "connections.view_personal_data"
What = PersonalDataView.What


def may_see_in_full(user: Any) -> bool:
    return bool(user.has_perm(IN_FULL))


def note_view(
    user: Any, thing: Model, application: Application | None, what: str = What.SEEN, reason: str = ""
) -> None:
    """Write down that somebody saw this. Within the hour it is one row, in one statement, however often they look."""
    now = timezone.now()
    since = now if what == What.EXPORTED else now.replace(minute=0, second=0, microsecond=0)
    row = PersonalDataView(
        user=user,
        application=application,
        thing=f"{thing._meta.model_name}-{thing.pk}",
        what=what,
        reason=reason,
        since=since,
    )
    PersonalDataView.objects.bulk_create([row], ignore_conflicts=True)
