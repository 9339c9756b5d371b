"""What the demo does inside the house, with its settings and its database: `manage.py shell -c` calls these."""

import json
import os

from django.contrib.auth.models import Group, Permission, User
from django.db.models import Q

from connections.models import Application

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


def print_orders() -> None:
    """Every application as JSON: `[{"id": 1, "number": "conn-order-001", "state": "SCHEDULED"}]`."""
    found = Application.objects.order_by("id").values_list("id", "number", "fulfillment_state")
    print(json.dumps([{"id": pk, "number": number, "state": state} for pk, number, state in found]))
