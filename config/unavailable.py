"""What people see when something failed. That the database is away or a disk full is said plainly: nobody's mistake.

Without a template: templates ask for the person, and who is asked for stands in the database.
"""

import errno
import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.views.defaults import server_error

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Back in a moment</title><link rel="stylesheet" href="{look}">
<body><main class="page"><h1>Back in a moment</h1><p>{why} Nothing that you sent was kept.</p>
<p>{advice}</p></main></body></html>"""
DATABASE = "The database does not answer just now."
AGAIN = "Load this page again; if you pressed a button, go back and press it again."
DISK = "There is no room for files just now."
LATER = "Go back and send it again in a few minutes."
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def page_of_failure(request: HttpRequest) -> HttpResponse:
    """503 while the database is away or too busy or a disk is full, the usual 500 for a mistake of ours. Django asks
    while the exception is being handled."""
    problem = sys.exc_info()[1]
    if isinstance(problem, OperationalError | InterfaceError):
        return _unavailable(DATABASE, AGAIN, 2)
    if isinstance(problem, OSError) and problem.errno in FULL:
        return _unavailable(DISK, LATER, 60)
    return server_error(request)


def _unavailable(why: str, advice: str, seconds: int) -> HttpResponse:
    page = PAGE.format(why=why, advice=advice, look=static("servicedrop/servicedrop.css"))
    return HttpResponse(page, status=503, headers={"Retry-After": str(seconds)})
