"""Who may work visits: the group that every technician with a login is in."""

from django.contrib.auth.models import Group, Permission

from fieldwork.models import Technician

TECHNICIANS = "Technicians"


def technicians_group() -> Group:
    """The group, made where it is missing, with the one permission that its members need."""
    group, _ = Group.objects.get_or_create(name=TECHNICIANS)
    group.permissions.add(Permission.objects.get(content_type__app_label="fieldwork", codename="complete_visit"))
    return group


def let_work(technician: Technician) -> None:
    """Let a technician's login work visits. Without a login there is nobody to let."""
    if technician.user:
        technician.user.groups.add(technicians_group())
