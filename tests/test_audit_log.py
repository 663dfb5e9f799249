"""The log as colleagues read it: the owner all of it, a beheerder that of their process."""

import csv
import io

import pytest
from litestar.testing import TestClient

from domain import audit
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import NOW
from tests.pages import Page, words
from tests.staff import BEA, NINA, OLGA, account, sign_in_as

LOG = "/beheer/logboek"


@pytest.fixture
def done(db: Database, process: Process, elsewhere: Process) -> None:
    """Tessa hid a plan here, somebody did so elsewhere, and the server made a link."""
    with writing(db):
        tessa = account(db, "Tessa")
        audit.record(db, tessa, process.id, "plan_hidden", f"plan {process.plans[0].id}", NOW, version=2)
        audit.record(db, account(db, "Nina"), elsewhere.id, "plan_shown", f"plan {elsewhere.plans[0].id}", NOW)
        audit.record(db, audit.COMMAND_LINE, None, "password_reset_made", f"account {tessa}", NOW)


@pytest.mark.usefixtures("done")
def test_the_owner_reads_everything_by_name(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    page = words(client.get(LOG).text)
    assert "Tessa verborg een plan Bankjes onder de bomen 🌳 Bezuidenhout beslist version: 2" in page
    assert "Nina plan shown Stadsstrand Loosduinen beslist" in page
    assert "De opdrachtregel van de server maakte een link voor een nieuw wachtwoord Tessa" in page
    assert page.index("Stadsstrand") < page.index("Bankjes")


@pytest.mark.usefixtures("done")
def test_a_beheerder_reads_that_of_their_process(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    page = words(client.get(LOG).text)
    assert "Bankjes" in page
    assert "Nina" not in page
    assert "opdrachtregel" not in page
    assert client.get(f"{LOG}?traject=loosduinen").status_code == 403
    assert client.get(f"{LOG}.csv?traject=loosduinen").status_code == 403


@pytest.mark.usefixtures("done")
def test_the_owner_filters_on_a_process(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    page = words(client.get(f"{LOG}?traject=loosduinen").text)
    assert "Stadsstrand" in page
    assert "Bankjes" not in page


@pytest.mark.usefixtures("done")
def test_the_export_is_the_chain_itself(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    answer = client.get(f"{LOG}.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    head, *rows = csv.reader(io.StringIO(answer.text))
    assert head == list(audit.COLUMNS)
    assert rows[-1][-1] == audit.check(db).head_hex
    assert [row[4] for row in rows] == ["plan_hidden", "plan_shown", "password_reset_made"]
    assert "Tessa" not in answer.text


@pytest.mark.usefixtures("done")
def test_a_beheerder_exports_no_row_of_others(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, elsewhere, NINA)
    _, *rows = csv.reader(io.StringIO(client.get(f"{LOG}.csv").text))
    assert [row[4] for row in rows] == ["plan_shown"]


def test_a_long_log_comes_in_pages(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        for number in range(1, 121):
            audit.record(db, 1, process.id, "plan_hidden", f"moment {number}", NOW)
    sign_in_as(client, db, secret, process, OLGA)
    seen, path = [], LOG
    for _ in range(3):
        page = Page(client.get(path).text)
        seen += [number for number in range(1, 121) if f"moment {number} " in f"{page.words} "]
        older = [a["href"] for a in page.all("a") if "voor=" in a["href"]]
        path = older[0] if older else ""
    assert sorted(seen) == list(range(1, 121))
    assert path == ""


@pytest.mark.parametrize("older", ["x", "-1", "9" * 40, "²", "1'--"])
def test_a_page_that_is_no_number_is_the_first(
    client: TestClient, db: Database, secret: bytes, process: Process, older: str
) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    assert client.get(LOG, params={"voor": older}).status_code == 200
