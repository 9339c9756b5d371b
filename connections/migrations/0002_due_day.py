from django.db import migrations, models

from connections.growing import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("connections", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="application",
            name="due_on",
            field=models.DateField(
                null=True,
                editable=False,
                help_text="By when the utility promised the next step, as a worker noted it lately: to find orders by, "
                "not to tell.",
            ),
        ),
        AddIndexOnline(
            model_name="application",
            index=models.Index(
                fields=["due_on"],
                name="application_due",
                condition=models.Q(
                    fulfillment_state__in=["SCHEDULED", "TECHNICIAN_ASSIGNED", "ASSESSMENT_COMPLETED", "APPROVED"]
                ),
            ),
        ),
    ]
