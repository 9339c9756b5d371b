"""What applicants say: feedback on the work, and calls for help."""

from django.db import models
from django.db.models import Q

from connections.models.application import Application
from connections.models.provider_of_order import ProviderOfOrder
from connections.privacy.masking import mask_email, mask_phone, mask_text


class Feedback(models.Model):
    """A rating from 1 (bad) to 5 (good) of one thing in an order; the last word on a thing counts."""

    class Category(models.TextChoices):
        ITEM = "Item"
        ORDER = "Order"
        FULFILLMENT = "Fulfillment"
        PROVIDER = "Provider"
        AGENT = "Agent"
        SUPPORT = "Support"

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="feedback")
    category = models.CharField(max_length=20, choices=Category.choices)
    value = models.DecimalField(max_digits=2, decimal_places=1)
    comment = models.TextField(blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["id"]
        verbose_name_plural = "feedback"
        constraints = [
            models.UniqueConstraint(fields=["application", "category"], name="one_rating_a_category"),
            models.CheckConstraint(name="rating_from_one_to_five", condition=Q(value__gte=1, value__lte=5)),
        ]

    def __str__(self) -> str:
        return f"{self.get_category_display()}: {self.value:g}"


class SupportRequest(models.Model):
    """Somebody asks for help: a task for staff until `done_at` is set."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, null=True, blank=True, related_name="support_requests"
    )
    provider = ProviderOfOrder()
    reference = models.CharField(max_length=120, blank=True, help_text="What they say it is about.")
    source = models.CharField(max_length=200)
    callback_phone = models.CharField(max_length=60, blank=True)
    email = models.CharField(max_length=254, blank=True)
    asked_at = models.DateTimeField(auto_now_add=True)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)
    note = models.TextField(blank=True, help_text="What was done about it.")

    class Meta:
        ordering = ["-asked_at"]
        verbose_name, verbose_name_plural = "call for help", "calls for help"
        permissions = [("answer_supportrequest", "Can answer calls for help")]
        indexes = [
            models.Index(fields=["-asked_at"], name="call_list"),
            models.Index(fields=["-asked_at"], name="call_to_answer", condition=Q(done_at=None)),
            models.Index(fields=["provider", "-asked_at"], name="call_list_of_provider"),
            models.Index(fields=["callback_phone"], name="call_of_phone"),
            models.Index(fields=["email"], name="call_of_email"),
            models.Index(fields=["reference"], name="call_of_reference"),
        ]

    def __str__(self) -> str:
        who = mask_phone(self.callback_phone) or mask_email(self.email) or self.source
        return f"{mask_text(self.reference) or 'Help'} for {who}"
