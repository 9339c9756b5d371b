"""What a technician does on the phone: sent twice, done once."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from connections.actors import Actor
from connections.again import run_again
from connections.lifecycle import Refused
from fieldwork import services
from fieldwork.assessing import complete_assessment
from fieldwork.installing import complete_installation
from fieldwork.models import FieldAct, Technician, Visit
from fieldwork.services import lock_for_work
from fieldwork.whereabouts import forget_position

ACTS: dict[str, Callable[..., Visit]] = {
    "set_out": services.set_out,
    "arrive": services.arrive,
    "report_no_access": services.report_no_access,
    "report_unsafe": services.report_unsafe,
    "leave_incomplete": services.leave_incomplete,
    "complete_revisit": services.complete_revisit,
    "complete_assessment": complete_assessment,
    "complete_installation": complete_installation,
}


@run_again
def field_act(
    visit: Visit,
    action: str,
    *,
    client_id: UUID,
    technician: Technician,
    happened_at: datetime | None = None,
    **details: Any,
) -> Visit:
    """Do one of ACTS in the technician's name and return the visit as it then is; `details` are the act's own.

    `client_id` is made by the phone for this act: what comes again under it is not done again, even at the same
    moment. An act that was refused left nothing behind and may be tried again under the same id.
    `happened_at` is the phone's clock. Raises `Refused`: `unknown_action`, `not_yours`, `id_taken`, and the act's own.
    """
    if action not in ACTS:
        raise Refused("unknown_action", f"There is no act {action!r}.")
    try:
        with transaction.atomic():
            return _once(visit, action, client_id, technician, happened_at or timezone.now(), details)
    except IntegrityError as clash:
        if FieldAct.objects.filter(client_id=client_id).exists():  # on another visit, at the same moment
            raise Refused("id_taken", "This id was used for another act.") from clash
        raise


def _once(
    visit: Visit, action: str, client_id: UUID, technician: Technician, happened_at: datetime, details: dict[str, Any]
) -> Visit:
    visit = lock_for_work(visit)  # the same act sent twice at once waits here for its twin
    if visit.technician_id != technician.pk or technician.user is None:
        raise Refused("not_yours", "This visit is not yours.")
    done = FieldAct.objects.filter(client_id=client_id).first()
    if done:
        if (done.visit_id, done.action) != (visit.pk, action):
            raise Refused("id_taken", "This id was used for another act.")
        return visit
    FieldAct.objects.create(
        client_id=client_id, technician=technician, visit=visit, action=action, happened_at=happened_at
    )
    visit = ACTS[action](visit, actor=Actor.staff(technician.user), **details)
    if action != "set_out":
        forget_position(technician)
    return visit
