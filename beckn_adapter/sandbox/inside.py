"""What the demo does inside the house, with its settings and its database: `manage.py shell -c` calls these."""

import json
import os
from decimal import Decimal

from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db.models import Q

from connections.actors import Actor
from connections.lifecycle import advance
from connections.models import Application
from fieldwork.crew import let_work
from fieldwork.models import Meter, Technician

APPS = ("connections", "fieldwork", "billing", "beckn_adapter")
CLERKS_MAY = (
    *("change_application", "schedule_application", "approve_application", "cancel_application", "fail_application"),
    *("change_document", "verify_document", "add_hold", "change_hold", "add_payment"),
    *("change_visit", "assign_visit", "complete_visit"),
)


def create_logins() -> None:
    """`admin`, who may everything, and `clerk` of the group Clerks; their passwords come in the environment."""
    User.objects.create_superuser("admin", password=os.environ["DEMO_ADMIN_PASSWORD"])
    clerk = User.objects.create_user("clerk", password=os.environ["DEMO_CLERK_PASSWORD"], is_staff=True)
    clerks, _ = Group.objects.get_or_create(name="Clerks")
    allowed = Q(codename__startswith="view_") | Q(codename__in=CLERKS_MAY)
    clerks.permissions.add(*Permission.objects.filter(allowed, content_type__app_label__in=APPS))
    clerk.groups.add(clerks)


def furnish() -> None:
    """Logins, technicians and meters. `david` is the technician David C: he works every day, begins it in the middle of
    the town, shows where he is, and has the first meter in his car. His password comes in the environment."""
    create_logins()
    call_command("load_field", verbosity=0)
    david = Technician.objects.get(name="David C")
    david.user = User.objects.create_user("david", password=os.environ["DEMO_TECHNICIAN_PASSWORD"])
    david.working_days, david.shares_position = list(range(7)), True
    david.base_latitude, david.base_longitude = Decimal("37.7793"), Decimal("-122.4193")
    david.save()
    let_work(david)
    advance(Meter.objects.order_by("serial")[0], "issue", technician=david, actor=Actor.system("demo"))


def print_orders() -> None:
    """Every application as JSON: `[{"id": 1, "number": "conn-order-001", "state": "SCHEDULED"}]`."""
    found = Application.objects.order_by("id").values_list("id", "number", "fulfillment_state")
    print(json.dumps([{"id": pk, "number": number, "state": state} for pk, number, state in found]))
