"""Staff accounts and their groups, in the same look as everything else."""

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from connections.access.second_factor import forget_devices
from connections.admin.added_once import AddedOnce

admin.site.unregister(User)
admin.site.unregister(Group)
# django-otp's own pages show and change secrets; what the desk needs is the action below.
admin.site.unregister(TOTPDevice)
admin.site.unregister(StaticDevice)


@admin.register(User)
class UserAdmin(AddedOnce, DjangoUserAdmin, ModelAdmin):
    empty_words = "Nobody has an account."
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "email", "is_active", "is_staff", "last_login"]
    actions = ["forget_second_factor"]
    readonly_fields = ["last_login", "date_joined"]  # they are what happened

    @admin.action(description="Lost phone: set up the second step anew", permissions=["change"])
    def forget_second_factor(self, request: HttpRequest, users: QuerySet[User]) -> None:
        """Nobody takes a superuser's second factor away but another superuser; each one is in the history."""
        allowed = users if request.user.is_superuser else users.filter(is_superuser=False)
        for user in allowed:
            forget_devices(user)
            self.log_change(request, user, "Second factor taken away: the next log-in sets up a new one.")
        count = len(allowed)
        words = f"{count} {'person sets' if count == 1 else 'people set'} up the second step anew at the next log-in."
        self.message_user(request, words, messages.SUCCESS if count else messages.WARNING)


@admin.register(Group)
class GroupAdmin(AddedOnce, DjangoGroupAdmin, ModelAdmin):
    empty_words = "A group gives several people the same permissions."
    pass
