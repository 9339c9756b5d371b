"""A house that works on is backed up, and comes back whole somewhere else: both databases, while papers come in."""

import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from beckn_adapter.sandbox import orders
from beckn_adapter.sandbox.children import ChildFailed
from beckn_adapter.sandbox.house import ROOT
from tests.servers import new_database
from tests.town import Town

# Runs in the house: papers for its orders, one after the other, until it is told to stop.
HAND_PAPERS_IN = """
import sys
from uuid import uuid4
from connections.actors import Actor
from connections.documents.handing_in import hand_in
from connections.models import Document, Submission
from tests.connections.papers import jpeg

paper = jpeg()
document = Document.objects.filter(application__number__isnull=False).latest("id")
visit = Submission.objects.create(application=document.application, source="test")
for n in range(10):
    hand_in(document, data=paper, original_name="a.jpg", client_id=uuid4(), submission=visit,
            actor=Actor.system("applicant"))
    print(n, flush=True)
"""


def place_an_order(town: Town) -> None:
    transaction_id = str(uuid.uuid4())
    town.buyer.talk_to(transaction_id, town.house.me.subscriber_id, town.house.me.url)
    selected = orders.selection(orders.Need(), provider_id="sf_electric_authority", item_id="new-resi-connection")
    applied = orders.application(orders.Need(), selected)
    sent = town.buyer.init(applied, transaction_id=transaction_id)
    terms = town.buyer.wait_for("on_init", transaction_id, sent.message_id).order
    sent = town.buyer.confirm(orders.agreement(applied, terms), transaction_id=transaction_id)
    town.buyer.wait_for("on_confirm", transaction_id, sent.message_id)


def elsewhere(town: Town, tmp_path: Path) -> dict[str, str]:
    """An empty house of the same kind."""
    new = {"SERVICEDROP_VAR": str(tmp_path / "elsewhere")}
    return new if town.backend == "embedded" else {**new, "DATABASE_URL": new_database()}


@pytest.fixture(autouse=True)
def with_the_client(town: Town) -> None:
    if town.backend == "postgres" and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed (postgresql-client)")


def restore(
    town: Town, backup: Path, env: dict[str, str], *more: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "manage.py"), "restore", "--from", str(backup), *more]
    whole = {**town.house.env, **env}
    return subprocess.run(command, env=whole, cwd=ROOT, input=typed, capture_output=True, text=True, check=False)


def test_a_house_that_works_on_comes_back_whole_elsewhere(town: Town, tmp_path: Path) -> None:
    place_an_order(town)
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "--no-imports", "--command", HAND_PAPERS_IN]
    with subprocess.Popen(command, env=town.house.env, cwd=ROOT, stdout=subprocess.PIPE, text=True) as applicant:
        assert applicant.stdout is not None
        applicant.stdout.readline()  # the first paper is in
        told = town.house.manage("backup", "--to", str(tmp_path / "backup"))
        assert applicant.wait() == 0

    env = elsewhere(town, tmp_path)
    proved = restore(town, tmp_path / "backup", env)

    assert proved.returncode == 0, proved.stderr
    files = re.search(r"(\d+) files\.", told)
    assert files
    assert int(files[1]) >= 1
    assert f"{files[1]} files, each with its SHA-256, and every row's file among them" in proved.stdout
    assert '"charged": "150.000"' in proved.stdout
    refused = restore(town, tmp_path / "backup", env, "--force", typed="yes\n")
    assert refused.returncode == 1
    assert "Nothing was changed" in refused.stderr
    name = re.search(r"rows of (\S+) will be lost", refused.stdout)
    assert name
    forced = restore(town, tmp_path / "backup", env, "--force", typed=f"{name[1]}\n")
    assert forced.returncode == 0, forced.stderr


def test_a_backup_of_the_other_database_is_not_put_back(town: Town, tmp_path: Path) -> None:
    town.house.manage("backup", "--to", str(tmp_path / "backup"))
    other = f"sqlite:///{tmp_path / 'other.sqlite3'}" if town.backend == "postgres" else new_database()

    with pytest.raises(ChildFailed, match="and the database configured is"):
        town.house.manage("restore", "--from", str(tmp_path / "backup"), env={"DATABASE_URL": other})
