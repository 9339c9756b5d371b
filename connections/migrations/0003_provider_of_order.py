"""The provider of an order in what hangs on it, for lists that are narrowed to one."""

import django.db.models.deletion
from django.db import migrations, models

from connections.growing import AddIndexOnline, file_under_providers


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('connections', '0002_words_beside'),
    ]

    operations = [
        migrations.AddField(
            model_name='document',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.provider'),
        ),
        migrations.AddField(
            model_name='letter',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.provider'),
        ),
        migrations.AddField(
            model_name='supportrequest',
            name='provider',
            field=models.ForeignKey(db_constraint=False, db_index=False, editable=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='connections.provider'),
        ),
        file_under_providers("connections.Document", "connections.Letter", "connections.SupportRequest"),
        AddIndexOnline(
            model_name='document',
            index=models.Index(fields=['provider', '-updated_at'], name='document_list_of_provider'),
        ),
        AddIndexOnline(
            model_name='letter',
            index=models.Index(fields=['provider', '-id'], name='letter_list_of_provider'),
        ),
        AddIndexOnline(
            model_name='supportrequest',
            index=models.Index(fields=['provider', '-asked_at'], name='call_list_of_provider'),
        ),
    ]
