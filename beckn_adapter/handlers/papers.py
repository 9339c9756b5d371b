"""Documents that come with the messages: links and remarks at init, the form's submission_id at confirm."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from beckn_adapter.errors import INVALID_REQUEST, BecknError
from beckn_adapter.handlers.lookup import ITEM
from beckn_adapter.translate.request import ORDER
from beckn_adapter.translate.tags import read_tags
from beckn_adapter.translate.taxonomy import squash
from connections.actors import Actor
from connections.documents.handing_in import hand_in_link
from connections.lifecycle import Refused
from connections.models import Application, Document, Submission

Json = dict[str, Any]


def take_papers(order: Json, documents: Iterable[Document], actor: Actor) -> bool:
    """Note every document that the item's tags or the form's data name, by the document's code or its name.

    True if one was noted: then the documents are not any more what they were read as.
    """
    said, noted = {name: (value, path) for name, value, path in _named(order)}, False
    for document in documents:
        value, path = said.get(squash(document.code)) or said.get(squash(document.name)) or ("", "")
        if not value.strip():
            continue
        is_link = value.strip().lower().startswith(("http://", "https://"))
        try:
            hand_in_link(document, url=value if is_link else "", text="" if is_link else value, actor=actor)
        except Refused as refusal:
            if refusal.code == "not_wanted":  # it is here already: nothing to note
                continue
            raise BecknError(INVALID_REQUEST, str(refusal), path) from refusal
        noted = True
    return noted


def _named(order: Json) -> Iterator[tuple[str, str, str]]:
    """Name, value and path of everything that might be a document."""
    item = order["items"][0]
    for name, (value, group, n) in read_tags(item.get("tags")).items():
        yield name, value, f"{ITEM}/tags/{group}/list/{n}/value"
    data = ((item.get("xinput") or {}).get("form") or {}).get("data") or {}
    for name, value in data.items():
        yield squash(name), value, f"{ITEM}/xinput/form/data/{name}"


def check_submission(order: Json, application: Application) -> None:
    """A submission_id, wherever networks put it (PROTOCOL f.1), must be one of this application. Raises 30000."""
    for thing, at in ((order["items"][0], ITEM), (order, ORDER)):
        for field in ("xinput", "xinput_required"):
            for part in ("form", "form_response"):
                holder = (thing.get(field) or {}).get(part) or {}
                if holder.get("submission_id"):
                    _check(str(holder["submission_id"]), application, f"{at}/{field}/{part}/submission_id")


def _check(text: str, application: Application, path: str) -> None:
    try:
        known = Submission.objects.filter(pk=UUID(text), application=application).exists()
    except ValueError:
        known = False
    if not known:
        raise BecknError(INVALID_REQUEST, "No form of this application was submitted under this id.", path)
