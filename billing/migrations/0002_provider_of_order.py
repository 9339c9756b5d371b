"""The provider of an order in what hangs on it, for lists that are narrowed to one."""

import django.db.models.deletion
from django.db import migrations, models

from connections.growing import AddIndexOnline, file_under_providers


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('billing', '0001_initial'),
        ('connections', '0003_provider_of_order'),
    ]

    operations = [
        migrations.AddField(
            model_name='entry',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.provider'),
        ),
        migrations.AddField(
            model_name='paymentreport',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.provider'),
        ),
        migrations.AddField(
            model_name='waiver',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.provider'),
        ),
        file_under_providers("billing.Entry", "billing.PaymentReport", "billing.Waiver"),
        AddIndexOnline(
            model_name='entry',
            index=models.Index(fields=['provider', '-id'], name='entry_list_of_provider'),
        ),
        AddIndexOnline(
            model_name='paymentreport',
            index=models.Index(fields=['provider', 'id'], name='report_list_of_provider'),
        ),
        AddIndexOnline(
            model_name='waiver',
            index=models.Index(fields=['provider', 'id'], name='waiver_list_of_provider'),
        ),
    ]
