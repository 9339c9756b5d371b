"""The post: letters are worded when their patience is over and sent until they arrive, or nobody hopes any more.

Letters are taken on a lease, a handful at a time: whoever dies with them leaves them to the next.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from email.utils import formataddr, parseaddr
from random import uniform
from smtplib import SMTPConnectError, SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPServerDisconnected
from time import monotonic
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from connections import marks
from connections.lifecycle import Refused
from connections.models import Application, Letter
from connections.queues import as_text, taking_by_index
from connections.shelf import holding, shelf
from connections.worded import Beside, Key, Question
from connections.wording import Written, write

log = logging.getLogger(__name__)
L = Letter.State
LEASE = timedelta(seconds=90)  # longer than a task may live (CELERY_TASK_TIME_LIMIT)
HANDFUL = 10  # letters that are taken together
SECONDS = 20  # that a worker process gives to the post at a time
AWAY, SILENCE = "mail-server-away", 60  # a mark (marks.py), and for how many seconds it stands there
BACKOFF = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)  # seconds before each further attempt, ± 20 %
PERMANENT = 500  # from here on a mail server's code is its last word
ORDER = Question(lambda: Application.objects.select_for_update().filter(pk=Key(0)))
WAITING = Question(  # to be told of an order
    lambda: (
        Letter.objects.select_for_update(of=("self",))
        .alias(now=as_text("state"))
        .filter(application=Key(0), now=L.NEW)
        .select_related("event")
        .order_by("id")
    )
)
READS = [Beside(Application, relation) for relation in ("documents", "holds")]  # whatever the letter is about


def work_post(limit: int = 100) -> int:
    """Write and send what is due, for SECONDS at most; returns how many letters were dealt with.

    A mail server that can not be spoken with is left alone for SILENCE: each letter would wait for it anew.
    """
    done, until = 0, monotonic() + SECONDS
    while done < limit and monotonic() < until and not marks.stands(AWAY):
        wanted = min(HANDFUL, limit - done)
        letters = _claim(wanted)
        done += _deal_with(letters, until)
        if len(letters) < wanted:
            break
    return done


def _deal_with(letters: list[Letter], until: float) -> int:
    """Returns how many; the others are given back when the time is over, or the mail server away."""
    done = 0
    with holding():  # the catalogue is asked for once: of a handful mostly the same provider
        for letter in letters:
            if monotonic() > until or marks.stands(AWAY):
                break
            worded = _try(letter, _word) if letter.state == L.NEW else letter
            if worded:
                _try(worded, _send)
            done += 1
    Letter.objects.filter(pk__in=[letter.pk for letter in letters[done:]]).update(due_at=timezone.now())
    return done


@transaction.atomic
def _claim(most: int = HANDFUL) -> list[Letter]:
    now = timezone.now()
    due = Letter.objects.filter(state__in=[L.NEW, L.READY], due_at__lte=now).order_by("due_at", "id")
    with taking_by_index():
        letters = list(due.select_for_update(skip_locked=True, of=("self",))[:most])
    Letter.objects.filter(pk__in=[letter.pk for letter in letters]).update(due_at=now + LEASE)
    for letter in letters:
        letter.due_at = now + LEASE
    return letters


def _try(letter: Letter, act: Callable[[Letter], Letter | None]) -> Letter | None:
    try:
        return act(letter)
    except Exception as problem:  # noqa: BLE001 - whatever fails (words, names, servers) must not hold up the others
        log.warning("letter %s: %s: %s", letter.pk, type(problem).__name__, problem)
        _put_off(letter, problem)
        if is_silence(problem):
            marks.renew(AWAY, SILENCE)
        return None


# --- Writing --------------------------------------------------------------------------------------------------------


@transaction.atomic
def _word(letter: Letter) -> Letter | None:
    """Word it together with everything else that waits to be told of this order. Returns the letter that tells it all,
    on this worker's lease; None if there is nothing to send."""
    (application,) = ORDER(letter.application_id)
    shelf().lend(application)
    letters = WAITING(application.pk)
    if not any(row.pk == letter.pk for row in letters):
        return None  # another worker has told it meanwhile
    for read in READS:
        read(application)
    written = write(application, letters) if application.applicant_email else None
    tells = written.tells if written else []
    if written:
        tells[0].application = application
        _keep(tells[0], application.applicant_email, written)
    for row in letters:
        if row not in tells:
            row.state = L.DROPPED
        elif row != tells[0]:
            row.state, row.told_in = L.MERGED, tells[0]
        else:
            continue
        row.save(update_fields=["state", "told_in"])
    return tells[0] if tells else None


def _keep(letter: Letter, to: str, written: Written) -> None:
    letter.state, letter.to, letter.attempts, letter.problem = L.READY, to, 0, ""
    letter.subject, letter.text, letter.html = written.subject[:300], written.text, written.html
    letter.due_at = timezone.now() + LEASE
    letter.save()


# --- Sending --------------------------------------------------------------------------------------------------------


def _send(letter: Letter) -> None:
    """Hand it to the mail server. Raises what that says against it."""
    with get_connection(timeout=settings.EMAIL_TIMEOUT) as connection:
        message = compose(letter)
        message.connection = connection
        message.send()
    letter.state, letter.sent_at, letter.problem = L.SENT, timezone.now(), ""
    letter.attempts += 1
    letter.save(update_fields=["state", "sent_at", "problem", "attempts"])


def compose(letter: Letter) -> EmailMultiAlternatives:
    """The message as it goes out: in the provider's name, answered to its support, one id however often it goes."""
    provider, host = letter.application.provider, urlsplit(settings.PUBLIC_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        subject=letter.subject,
        body=letter.text,
        from_email=formataddr((" ".join(provider.name.split()), parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[letter.to],
        reply_to=[provider.support_email] if provider.support_email else None,
        headers={
            "Message-ID": f"<letter-{letter.pk}.{letter.event_id}@{host}>",
            "References": f"<order-{letter.application_id}@{host}>",  # a mail client shows an order's letters together
            "Auto-Submitted": "auto-generated",
            "X-Auto-Response-Suppress": "All",
            "Content-Language": "en",
        },
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def _put_off(letter: Letter, problem: Exception) -> None:
    letter.attempts += 1
    letter.problem = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
    if is_final(problem) or letter.attempts > len(BACKOFF):
        letter.state = L.DEAD
    else:
        seconds = BACKOFF[letter.attempts - 1] * uniform(0.8, 1.2)  # noqa: S311 - jitter, not a secret
        letter.due_at = timezone.now() + timedelta(seconds=seconds)
    letter.save(update_fields=["attempts", "problem", "state", "due_at"])


def is_final(problem: Exception) -> bool:
    """Whether the mail server has said for good that it will not take this letter, or not to this person."""
    if isinstance(problem, SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in problem.recipients.values())
    return isinstance(problem, SMTPDataError) and problem.smtp_code >= PERMANENT


def is_silence(problem: Exception) -> bool:
    """Whether the mail server could not be spoken with at all, so that it would be no better with the next letter."""
    if isinstance(problem, SMTPException):  # an OSError too
        return isinstance(problem, SMTPConnectError | SMTPServerDisconnected)
    return isinstance(problem, OSError)


@transaction.atomic
def send_again(letters: QuerySet[Letter]) -> int:
    """Make these letters due now, with all their attempts before them; says how many. Raises `Refused` for none.

    What was never worded is worded now; what was told in another letter, or is outdated, stays as it is.
    """
    rows = list(letters.filter(state__in=[L.SENT, L.DEAD, L.READY]).order_by().select_for_update())
    if not rows:
        raise Refused("nothing_to_send", "There is nothing to send again: it was told in another letter.")
    for row in rows:
        row.state, row.attempts, row.due_at, row.problem = L.READY if row.text else L.NEW, 0, timezone.now(), ""
        row.save(update_fields=["state", "attempts", "due_at", "problem"])
    return len(rows)
