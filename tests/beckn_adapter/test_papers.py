"""Documents that buyer apps bring themselves: with a message, or by posting the form signed."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.test import Client, RequestFactory
from PIL import Image

from beckn_adapter import signed_form
from beckn_adapter.sandbox.participant import Participant
from beckn_adapter.sandbox.registry import Registry
from beckn_adapter.signed_form import receive_form
from connections.form_link import form_token
from connections.models import Application, DocumentVersion, Submission
from tests.beckn_adapter.conversation import BAP, application, ask, new_id

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("guide")]


@pytest.fixture(autouse=True)
def files_go_to_a_place_of_their_own(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


def with_tags(**values: str) -> dict[str, Any]:
    order = application()
    listed = [{"descriptor": {"code": code}, "value": value} for code, value in values.items()]
    order["items"][0]["tags"].append({"descriptor": {"code": "documents"}, "list": listed})
    return order


def init(order: dict[str, Any] | None = None, transaction_id: str = "") -> dict[str, Any]:
    return ask("init", {"order": order or application()}, transaction_id=transaction_id)


def states() -> dict[str, str]:
    return dict(Application.objects.get().documents.values_list("code", "state"))


# --- In the messages ------------------------------------------------------------------------------------------------


def test_a_document_sent_as_a_link_in_a_tag_is_recorded() -> None:
    init(with_tags(id_proof="https://files.buyer.test/id.pdf"))

    assert DocumentVersion.objects.get().link == "https://files.buyer.test/id.pdf"
    assert states() == {"id-proof": "SUBMITTED", "ownership-certificate": "PENDING", "wiring-diagram": "PENDING"}


def test_the_form_asks_next_for_what_did_not_come_with_the_message() -> None:
    answer = init(with_tags(id_proof="https://files.buyer.test/id.pdf"))

    head = answer["message"]["order"]["items"][0]["xinput"]["head"]
    assert head["headings"][head["index"]["cur"]] == "ownership certificate"


def test_a_document_named_by_its_heading_in_the_forms_data_is_recorded() -> None:
    order = application()
    order["items"][0]["xinput"] = {"form": {"data": {"wiring diagram": "Permit 4711"}}}

    init(order)

    assert DocumentVersion.objects.get().text == "Permit 4711"
    assert states()["wiring-diagram"] == "SUBMITTED"


def test_the_same_link_in_a_second_init_is_recorded_once() -> None:
    transaction = new_id()
    for _ in range(2):
        init(with_tags(id_proof="https://files.buyer.test/id.pdf"), transaction_id=transaction)

    assert DocumentVersion.objects.count() == 1


def test_a_link_that_is_none_is_refused_with_its_path() -> None:
    error = init(with_tags(id_proof="https://not a link"))["error"]

    assert (error["code"], error["paths"]) == ("30000", "/message/order/items/0/tags/2/list/0/value")
    assert not Application.objects.exists()


# --- The form, posted signed ----------------------------------------------------------------------------------------


@pytest.fixture
def bap(network: Registry) -> Participant:
    participant = Participant(BAP, f"https://{BAP}/beckn", "BAP")
    participant.subscribe(network.url)
    return participant


def picture() -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (60, 40), "white").save(file, "PNG")
    file.seek(0)
    file.name = "paper.png"
    return file


def post_form(bap: Participant | None, files: dict[str, Any], step: str = "", token: str = "") -> tuple[int, Any]:
    """Sign the very bytes of a multipart form and post them to the form's address."""
    address = f"/documents/{token or form_token(Application.objects.get())}/{step}"
    prepared = RequestFactory().post(address, files)
    body, kind = prepared.body, prepared.headers["Content-Type"]
    header = {"authorization": bap.sign(body)} if bap else {"authorization": "Signature nonsense"}
    reply = Client().generic("POST", address, body, content_type=kind, headers=header)
    return reply.status_code, reply.json()


def test_a_signed_form_is_taken_and_answered_with_its_submission_id(bap: Participant) -> None:
    init()

    status, reply = post_form(bap, {"id-proof": picture(), "wiring-diagram": picture()})

    submission = Submission.objects.get()
    assert (status, reply) == (200, {"status": True, "submission_id": str(submission.pk), "errors": []})
    assert submission.source == BAP
    assert states()["id-proof"] == states()["wiring-diagram"] == "SUBMITTED"


def test_one_step_is_taken_at_its_own_address(bap: Participant) -> None:
    init()

    status, _ = post_form(bap, {"file": picture()}, step="papers/id-proof/")

    assert (status, states()["id-proof"]) == (200, "SUBMITTED")


def test_the_same_form_twice_is_one_submission(bap: Participant) -> None:
    init()
    token = form_token(Application.objects.get())

    answers = [post_form(bap, {"id-proof": picture()}, token=token) for _ in range(2)]

    assert answers[0] == answers[1]
    assert (Submission.objects.count(), DocumentVersion.objects.count()) == (1, 1)


def test_a_form_with_one_bad_paper_is_refused_whole(bap: Participant) -> None:
    init()
    lie = BytesIO(b"<html><script>alert(1)</script>")
    lie.name = "paper.pdf"

    status, reply = post_form(bap, {"id-proof": picture(), "wiring-diagram": lie})

    assert (status, reply["status"]) == (422, False)
    assert [error["paths"] for error in reply["errors"]] == ["wiring-diagram"]
    assert not DocumentVersion.objects.exists()


def test_a_form_without_a_good_signature_is_refused(bap: Participant) -> None:
    init()

    status, reply = post_form(None, {"id-proof": picture()})

    assert (status, reply["status"]) == (401, False)
    assert not DocumentVersion.objects.exists()


def test_another_buyer_apps_link_is_of_no_use(network: Registry) -> None:
    init()
    eve = Participant("eve.test", "https://eve.test/beckn", "BAP")
    eve.subscribe(network.url)

    status, reply = post_form(eve, {"id-proof": picture()})

    assert (status, reply["errors"][0]["message"]) == (
        403,
        "This link does not work. It was given to another buyer app.",
    )


@pytest.mark.parametrize("files", [{}, {"gas-bill": picture()}], ids=["no paper", "a paper that is not asked for"])
def test_a_form_that_brings_nothing_asked_for_is_refused(files: dict[str, Any], bap: Participant) -> None:
    init()

    assert post_form(bap, files)[0] == 422


def post_raw(bap: Participant, body: bytes, kind: str, **environ: Any) -> tuple[int, Any]:
    """The same with an environment of its own, as a server hands it over."""
    factory = RequestFactory()
    request_ = factory.generic("POST", f"/documents/{form_token(Application.objects.get())}/", b"", content_type=kind)
    request_.environ.pop("CONTENT_LENGTH", None)
    made = {"wsgi.input": BytesIO(body), "CONTENT_TYPE": kind, "HTTP_AUTHORIZATION": bap.sign(body), **environ}
    reply = receive_form(WSGIRequest({**request_.environ, **made}))
    return reply.status_code, json.loads(reply.content)


def form(files: dict[str, Any]) -> tuple[bytes, str]:
    prepared = RequestFactory().post("/", files)
    return prepared.body, prepared.headers["Content-Type"]


def test_a_form_that_comes_in_chunks_is_taken(bap: Participant) -> None:
    init()

    status, reply = post_raw(bap, *form({"id-proof": picture()}), HTTP_TRANSFER_ENCODING="chunked")

    assert (status, reply["status"]) == (200, True)
    assert states()["id-proof"] == "SUBMITTED"


class Counted(BytesIO):
    """A body that knows how far it was read, and whether anybody wanted all of it at once."""

    longest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        self.longest = max(self.longest, len(self.getvalue()) if size is None or size < 0 else size)
        return super().read(size)


def test_a_form_that_says_it_is_too_long_is_refused_before_it_is_read(bap: Participant, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 1_000_000
    init()
    body = Counted(b"x" * 100)

    status, reply = post_raw(
        bap, b"", "multipart/form-data; boundary=b", CONTENT_LENGTH="3100000", **{"wsgi.input": body}
    )

    assert (status, body.tell()) == (413, 0)
    assert reply["errors"][0]["message"] == "This form takes 3 files, so it may have 3 MB at most."


def test_a_form_in_chunks_is_read_no_further_than_its_papers_may_be(bap: Participant, settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 100_000
    init()
    body = Counted(b"x" * 1_000_000)

    status, reply = post_raw(
        bap,
        b"",
        "multipart/form-data; boundary=b",
        HTTP_TRANSFER_ENCODING="chunked",
        **{"wsgi.input": body},
    )

    assert (status, reply["status"]) == (413, False)
    assert body.tell() == 3 * (100_000 + signed_form.ENVELOPE) + 1
    assert body.longest <= signed_form.CHUNK


def test_a_long_form_waits_on_disk_and_its_files_arrive_whole(bap: Participant, monkeypatch: Any) -> None:
    monkeypatch.setattr(signed_form, "IN_MEMORY", 100)
    init()
    paper = picture()

    status, _ = post_form(bap, {"id-proof": paper})

    assert (status, states()["id-proof"]) == (200, "SUBMITTED")


def test_nothing_is_read_of_a_form_without_a_link_of_ours(bap: Participant) -> None:
    body = Counted(b"x" * 100)
    environ = RequestFactory().post("/documents/made-up/").environ
    made = {"wsgi.input": body, "CONTENT_LENGTH": "100", "HTTP_AUTHORIZATION": bap.sign(b"")}

    reply = receive_form(WSGIRequest({**environ, **made}))

    assert (reply.status_code, body.tell()) == (403, 0)


# --- The submission at confirm --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "part"),
    [
        ("xinput", "form"),
        ("xinput", "form_response"),
        ("xinput_required", "form"),
    ],
)
@pytest.mark.parametrize("where", ["item", "order"])
def test_a_submission_is_recognised_wherever_networks_put_it(
    where: str, field: str, part: str, bap: Participant
) -> None:
    transaction = new_id()
    init(transaction_id=transaction)
    submission_id = post_form(bap, {"id-proof": picture()})[1]["submission_id"]

    invented = confirm_with(transaction, where, field, part, new_id())
    real = confirm_with(transaction, where, field, part, submission_id)

    assert invented["error"]["message"] == "No form of this application was submitted under this id."
    assert invented["error"]["paths"].endswith(f"/{field}/{part}/submission_id")
    assert real["message"]["order"]["status"] == "ACTIVE"


def confirm_with(transaction: str, where: str, field: str, part: str, submission_id: str) -> dict[str, Any]:
    order = json.loads(json.dumps(application()))
    holder = order["items"][0] if where == "item" else order
    holder[field] = {part: {"submission_id": submission_id}}
    return ask("confirm", {"order": order}, transaction_id=transaction)
