"""Which orders may owe something, and each provider's orders, in the order of their lists.

Every order may owe something until `after_upgrade` has looked: an older release would not note a new debt. The index of
the foreign key is replaced by one that begins with the same column.
"""

import django.db.models.deletion
from django.db import migrations, models

from connections.growing import AddIndexOnline, UnindexKeyOnline

ASKED = ["SCHEDULED", "TECHNICIAN_ASSIGNED", "ASSESSMENT_COMPLETED", "APPROVED", "CONNECTION_ESTABLISHED"]
OWING = models.Q(("fulfillment_state__in", ASKED), ("owes", True))


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("connections", "0003_provider_of_order")]

    operations = [
        migrations.AddField(
            "application",
            "owes",
            models.BooleanField(
                db_default=True,
                default=True,
                editable=False,
                help_text="Something that an order asks for may be open: the ledger takes it away when nothing is. To "
                "find orders by, not to tell.",
            ),
        ),
        AddIndexOnline("application", models.Index(fields=["provider", "-id"], name="application_list_of_provider")),
        AddIndexOnline("application", models.Index(fields=["id"], name="application_owing", condition=OWING)),
        AddIndexOnline(
            "application",
            models.Index(fields=["provider", "id"], name="application_owing_of_provider", condition=OWING),
        ),
        UnindexKeyOnline(
            "application",
            "provider",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="applications",
                to="connections.provider",
            ),
        ),
    ]
