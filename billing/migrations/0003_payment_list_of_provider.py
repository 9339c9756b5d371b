"""Each provider's payments in the order of their list, by an index in the place of the foreign key's own."""

import django.db.models.deletion
from django.db import migrations, models

from connections.growing import AddIndexOnline, UnindexKeyOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("billing", "0002_provider_of_order"), ("connections", "0004_owing_orders")]

    operations = [
        AddIndexOnline("payment", models.Index(fields=["provider", "-id"], name="payment_list_of_provider")),
        UnindexKeyOnline(
            "payment",
            "provider",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="payments",
                to="connections.provider",
            ),
        ),
    ]
