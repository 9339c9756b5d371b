"""The WSGI door: any WSGI server may serve `config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

from beckn_adapter import nudge, tally  # noqa: E402 - Django's models are there from here on
from beckn_adapter.door import Door  # noqa: E402
from config.memory import collect_less  # noqa: E402

application = Door(django)
tally.start()
nudge.start()
collect_less()
