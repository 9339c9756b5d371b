"""Staff accounts and their groups, in the same look as everything else."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from connections.admin.added_once import AddedOnce

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(AddedOnce, DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]


@admin.register(Group)
class GroupAdmin(AddedOnce, DjangoGroupAdmin, ModelAdmin):
    pass
