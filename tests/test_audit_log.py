"""The log as colleagues read it: the owner all of it, a beheerder that of their process."""

import ast
import csv
import io
from pathlib import Path

import pytest
from litestar.testing import TestClient

from domain import audit, phases, reactions
from domain.database import Database, writing
from domain.processes import Process
from tests.cast import CLOSES, NOW, OPENS
from tests.pages import Page, words
from tests.staff import BEA, NINA, OLGA, account, sign_in_as

LOG = "/beheer/logboek"


@pytest.fixture
def done(db: Database, process: Process, elsewhere: Process) -> None:
    """Tessa hid a plan here, somebody did so elsewhere, and the server made a link."""
    with writing(db):
        tessa = account(db, "Tessa")
        audit.record(db, tessa, process.id, "plan_hidden", f"plan {process.plans[0].id}", NOW, version=2)
        audit.record(db, account(db, "Nina"), elsewhere.id, "plan_published", f"plan {elsewhere.plans[0].id}", NOW)
        audit.record(db, audit.COMMAND_LINE, None, "password_reset_made", f"account {tessa}", NOW)


@pytest.mark.usefixtures("done")
def test_the_owner_reads_everything_by_name(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, OLGA)
    page = words(client.get(LOG).text).replace(" .", ".")
    assert "Tessa verborg het plan Bankjes onder de bomen 🌳." in page
    assert "Nina publiceerde het plan Stadsstrand." in page
    assert "Iemand op de server maakte een link voor een nieuw wachtwoord van Tessa." in page
    assert page.index("Stadsstrand") < page.index("Bankjes")


@pytest.mark.usefixtures("done")
def test_a_beheerder_reads_that_of_their_process(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in_as(client, db, secret, process, BEA)
    page = words(client.get(LOG).text).replace(" .", ".")
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
    assert [row[4] for row in rows] == ["plan_hidden", "plan_published", "password_reset_made"]
    assert "Tessa" not in answer.text


@pytest.mark.usefixtures("done")
def test_a_beheerder_exports_no_row_of_others(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, elsewhere, NINA)
    _, *rows = csv.reader(io.StringIO(client.get(f"{LOG}.csv").text))
    assert [row[4] for row in rows] == ["plan_published"]


def test_a_long_log_comes_in_pages(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        for number in range(1, 121):
            audit.record(db, 1, process.id, "plan_hidden", f"plan {900 + number}", NOW)
    sign_in_as(client, db, secret, process, OLGA)
    seen, path = [], LOG
    for _ in range(3):
        page = Page(client.get(path).text)
        seen += [number for number in range(1, 121) if f"het plan {900 + number}." in page.words]
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


def recorded() -> set[str]:
    """Every action that a call of `audit.record` in the code names."""
    found = set(reactions.AUDITED.values()) | {"boundary_set", "boundary_removed"}
    for file in (*Path("domain").rglob("*.py"), *Path("routes").rglob("*.py"), Path("cli.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                action = node.args[3]
                found |= {action.value} if isinstance(action, ast.Constant) and isinstance(action.value, str) else set()
    return found


def test_every_action_has_a_sentence(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    """No word of the machine stands on the page; what has no sentence yet would say so."""
    actions = sorted(recorded())
    assert {"plan_hidden", "verdict_given", "mail.again"} < set(actions)
    with writing(db):
        for action in actions:
            subject = "phase vote" if action == "phase_moved" else "account 1"
            audit.record(db, account(db, "Tessa"), process.id, action, subject, NOW)
    sign_in_as(client, db, secret, process, OLGA)
    pages = [client.get(f"{LOG}?voor={before}").text for before in range(len(actions) + 1, 0, -50)]
    rows = [row for page in pages for row in page.split("<tr>")[2:]]
    told = dict(zip(actions, reversed(rows), strict=True))
    assert [action for action, row in told.items() if "nog geen zin voor heeft" in row] == []
    assert [action for action, row in told.items() if "_" in action and action in row] == []


def test_what_has_no_sentence_yet_says_so(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        audit.record(db, account(db, "Tessa"), process.id, "moon_painted", "moon 1", NOW)
    sign_in_as(client, db, secret, process, OLGA)
    assert "Tessa deed iets waar dit logboek nog geen zin voor heeft." in words(client.get(LOG).text).replace(" .", ".")


def test_roles_dates_and_both_plans_are_told_in_words(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    one, other = process.plans[0], process.plans[1]
    dates = {"new opens": phases.to_text(OPENS), "new closes": phases.to_text(CLOSES)}
    with writing(db):
        bea, tessa = account(db, "Bea"), account(db, "Tessa")
        audit.record(db, bea, process.id, "roles_set", f"account {tessa}", NOW, given=["toetser"], taken=[])
        audit.record(db, bea, process.id, "phase_moved", "phase vote", NOW, **dates)
        audit.record(db, bea, process.id, "plan_merged", f"plan {one.id}", NOW, into=other.id, before="published")
        audit.record(db, tessa, process.id, "verdict_given", f"plan {other.id}", NOW, verdict="feasible", cost=100)
        audit.record(db, bea, process.id, "choices_changed", "process 1", NOW, changed=["budget", "themes"])
    sign_in_as(client, db, secret, process, OLGA)
    page = words(client.get(LOG).text).replace(" .", ".")
    assert "Bea gaf Tessa een rol: Toetser." in page
    assert "Bea veranderde de fase ‘Stemmen’: van 1 mei 2026 om 10.00 uur tot en met 31 mei 2026." in page
    assert f"Bea voegde het plan {one.title} samen met {other.title}." in page
    assert f"Tessa keurde het plan {other.title} haalbaar." in page
    assert "Bea veranderde keuzes van het traject: budget, thema’s." in page
