"""The WSGI door: any WSGI server may serve `config.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django = get_wsgi_application()

from beckn_adapter import nudge, tally  # noqa: E402 - Django's models are there from here on
from beckn_adapter.door import Door  # noqa: E402

application = Door(django)
tally.start()
nudge.start()
gc.freeze()  # what is loaded by now stays for good: looking through it for garbage takes 100 ms each time
