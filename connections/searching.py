"""Finding applications among millions: by the beginning of a word, never by a look into every row.

Found are the words of the applicant's and the payer's name and of the address, the e-mail, the reference under which
it was brought, and a telephone number by its last digits. The order id is found by the application's own index.
"""

import re
from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q, QuerySet

from connections.models import Application, SearchWord

AT_MOST = 100
FEW = 20_000  # words that are read and sorted, to find the newest orders among them
LONGEST = 100  # characters of a word
ROOM_BESIDE = 300  # characters of all that stands beside one
SIGN = re.compile(r"[\d@]")  # of a number, a reference or an e-mail: few orders have a word with one in common
TELEPHONE = re.compile(r"^\+?[\d\s()./-]{5,30}$")
DRAFT = re.compile(r"^draft\s+(\d{1,18})$", re.IGNORECASE)
NUMBER_SIGN = "#"  # before the digits of a telephone, which are kept backwards: people leave out the country


def words_of(application: Application) -> set[str]:
    """Pure: the words that an application is found by."""
    whole = (application.applicant_email, application.billing_email, application.source_reference)
    phones = (_backwards(number) for number in (application.applicant_phone, application.billing_phone))
    found = {*_spoken_words(application), *(word.casefold() for word in whole), *phones}
    return {word[:LONGEST] for word in found if word}


def _spoken_words(application: Application) -> set[str]:
    """Of the names and the address."""
    names = f"{application.applicant_name} {application.billing_name}".casefold().split()
    return {*names, *re.findall(r"[^\W\d_]{3,}", application.address.casefold())}


def words_beside(application: Application) -> str:
    """Pure: what the words given after the first are looked for in."""
    return "".join(f" {word}" for word in sorted(_spoken_words(application)))[:ROOM_BESIDE]


def _backwards(phone: str) -> str:
    digits = re.sub(r"\D", "", phone)
    return f"{NUMBER_SIGN}{digits[::-1]}" if digits else ""


def keep_words(application: Application, *, is_new: bool = False) -> None:
    """Write the words anew; in the transaction that changed the application."""
    if not is_new:
        application.search_words.all().delete()
    beside = words_beside(application)
    SearchWord.objects.bulk_create(
        SearchWord(application=application, word=word, beside="" if word.startswith(NUMBER_SIGN) else beside)
        for word in words_of(application)
    )


def find(term: str, among: QuerySet[Application] | None = None, at_most: int = AT_MOST) -> list[int]:
    """The ids of the newest applications that a person may mean, at most so many: every word given begins a word of
    theirs, or the whole is the beginning of the order id, "Draft 12", or the end of a telephone number.

    Of several words the shorter ones begin a word of the name or the address, but for those with a digit or an "@",
    which may begin any."""
    everything = Application.objects.all() if among is None else among
    term = term.replace("\0", "").strip()
    if draft := DRAFT.match(term):
        return list(everything.filter(pk=int(draft[1]), number=None).values_list("pk", flat=True))
    if not term:
        return []
    # Each by an index of its own: asked for one or the other at once, PostgreSQL would read every application.
    numbered = everything.filter(_numbered(term)).order_by("-pk").values_list("pk", flat=True)
    return sorted({*numbered[:at_most], *_named(term, among, at_most)}, reverse=True)[:at_most]


def _named(term: str, among: QuerySet[Application] | None, at_most: int) -> list[int]:
    """The newest by their words; of everybody of a name only so many are looked at as it takes to find those `among`
    which are wanted."""
    found: list[int] = []
    for some in _newest_first(_worded(term)):
        found += some if among is None else among.filter(pk__in=some).order_by("-pk").values_list("pk", flat=True)
        if len(found) >= at_most:
            break
    return found[:at_most]


def _newest_first(rows: QuerySet[SearchWord]) -> Iterator[list[int]]:
    """The applications of these words, AT_MOST at a time: read by their word and sorted here, or where there are more
    than FEW in the order of their age.

    Asked for the newest outright, PostgreSQL guesses how many words begin so, and where it guesses too many it goes
    back through all orders from the last one, looking for the first hundred.
    """
    ids = rows.order_by().values_list("application_id", flat=True)
    few = list(ids[: FEW + 1])
    if len(few) <= FEW:
        newest = sorted(set(few), reverse=True)
        yield from (newest[start : start + AT_MOST] for start in range(0, len(newest), AT_MOST))
        return
    ordered = ids.order_by("-application_id").distinct()
    while some := list(ordered[:AT_MOST]):
        yield some
        ordered = ordered.filter(application_id__lt=some[-1])


def brought_as(reference: str) -> QuerySet[SearchWord]:
    """A word of each application that was brought under this reference, in full. Where it is a word of a name or an
    address as well, those who have that word are passed over in the index, and found by `find`."""
    word = reference.casefold()[:LONGEST]
    spoken = Q(beside__contains=f" {word} ") | Q(beside__endswith=f" {word}")
    return SearchWord.objects.filter(word=word, application__source_reference__iexact=reference).exclude(spoken)


def as_written(term: str) -> list[str]:
    """The term as it was given, in small and in capital letters: what a column that tells them apart is asked for."""
    return sorted({term, term.lower(), term.upper()})


def _numbered(term: str) -> Q:
    numbers = Q()
    for written in as_written(term):
        numbers |= Q(number__startswith=written)
    return numbers


def _worded(term: str) -> QuerySet[SearchWord]:
    """A word of each application that has them all; applications themselves are not looked into."""
    digits = re.sub(r"\D", "", term)
    if TELEPHONE.match(term) and len(digits) >= 5:
        return _with(f"{NUMBER_SIGN}{digits[::-1]}")
    rarest, *others = sorted(term.casefold().split()[:6], key=_rarity, reverse=True)
    words = _with(rarest)
    for word in others:
        words = words.filter(_has_too(word))
    return words


def _rarity(word: str) -> tuple[bool, int]:
    return bool(SIGN.search(word)), len(word)


def _has_too(word: str) -> Q:
    """Among many rows of a word, those whose application has another: read from the index that these were found by."""
    if SIGN.search(word):
        return Q(application_id__in=_with(word).values("application_id"))
    has_it = Exists(_with(word).filter(application_id=OuterRef("application_id")))
    return Q(beside__contains=f" {word}") | Q(beside="") & Q(has_it)


def _with(beginning: str) -> QuerySet[SearchWord]:
    return SearchWord.objects.filter(word__startswith=beginning[:LONGEST])
