"""What people see when something failed. That the database is away is nobody's mistake, so it is said plainly.

Without a template: templates ask for the person, and who is asked for stands in the database.
"""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Back in a moment</title>
<body style="font-family: sans-serif; max-width: 34rem; margin: 15vh auto; padding: 0 1rem">
<h1>Back in a moment</h1><p>The database does not answer just now. Nothing that you sent was kept.</p>
<p>Load this page again; if you pressed a button, go back and press it again.</p></body></html>"""


def page_of_failure(request: HttpRequest) -> HttpResponse:
    """503 while the database is away or too busy, the usual 500 for a mistake of ours. Django asks while the exception
    is being handled."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        return HttpResponse(PAGE, status=503, headers={"Retry-After": "2"})
    return server_error(request)
