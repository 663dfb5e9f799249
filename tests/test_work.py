"""The work list as staff see it."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import database, phases
from domain.database import Database, writing
from domain.phases import Phase
from domain.processes import Process
from tests.cast import OPENS, reload
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import BEA, MO, NINA, OLGA, STEF, TESSA, StaffMember, sign_in_as, sign_out

BEFORE = OPENS - timedelta(days=3)
WORK = "/beheer/bezuidenhout/werk"


@pytest.fixture
def busy(process: Process, db: Database, clock: Clock) -> Process:
    """Something of everything waits: a new plan, a report, a reaction, four plans to judge, and mail."""
    clock.now = BEFORE
    at, bench = phases.to_text(BEFORE), process.plans[0].id
    reaction = {"plan_id": bench, "side": "for", "name": "Chen", "text": "Mooi", "status": "waiting", "created_at": at}
    mail = {"message_id": "1", "kind": "news", "recipient": "a@b.nl", "language": "nl", "content": "{}"}
    mail |= {"process_id": process.id, "created_at": at, "next_try_at": at, "failed_at": at, "error": "550 unknown"}
    with writing(db):
        phases.insert(db, process.id, [Phase("assess", BEFORE - timedelta(days=7), OPENS)])
        db.execute("UPDATE plans SET status = 'submitted', submitted_at = ? WHERE project_id = 'tuin'", [at])
        database.insert(db, "reports", {"plan_id": bench, "reason": "Reclame", "reported_at": at})
        database.insert(db, "reactions", reaction)
        database.insert(db, "outbox", mail)
    return reload(db)


SEES = {
    TESSA: ({"Wacht op een oordeel (4)"}, {"Nieuwe plannen (1)", "Meldingen (1)", "Mail die niet aankwam (1)"}),
    MO: (
        {"Nieuwe plannen (1)", "Meldingen (1)", "Reacties die wachten (1)"},
        {"Wacht op een oordeel (4)", "Mail die niet aankwam (1)"},
    ),
    BEA: ({"Nieuwe plannen (1)", "Wacht op een oordeel (4)", "Mail die niet aankwam (1)"}, set()),
    OLGA: ({"Nieuwe plannen (1)", "Wacht op een oordeel (4)", "Mail die niet aankwam (1)"}, set()),
}


@pytest.mark.parametrize("who", SEES, ids=lambda who: who.name)
def test_everyone_sees_what_they_may_do(
    client: TestClient, db: Database, secret: bytes, busy: Process, who: StaffMember
) -> None:
    sign_in_as(client, db, secret, busy, who)
    page = words(client.get(WORK).text)
    shown, hidden = SEES[who]
    assert all(kind in page for kind in shown)
    assert not any(kind in page for kind in hidden)


def test_every_item_leads_to_where_it_is_dealt_with(
    client: TestClient, db: Database, secret: bytes, busy: Process
) -> None:
    sign_in_as(client, db, secret, busy, BEA)
    links = [a["href"] for a in Page(client.get(WORK).text).all("a")]
    bench = next(plan.id for plan in busy.plans if plan.project_id == "bank")
    for place in ("/meldingen", "/reacties", f"/plannen/{bench}/toets?volgende=1"):
        assert f"/beheer/bezuidenhout{place}" in links
    assert "/beheer/post" in links
    for place in links:
        assert client.get(place).status_code == 200


def test_the_oldest_comes_first(client: TestClient, db: Database, secret: bytes, busy: Process) -> None:
    with writing(db):
        old = phases.to_text(BEFORE - timedelta(days=30))
        db.execute("UPDATE reports SET reported_at = ?", [old])
    sign_in_as(client, db, secret, busy, BEA)
    page = client.get(WORK).text
    items = page[page.index('<ol class="work">') :]
    assert items.index("1 melding") < items.index("Wacht op een oordeel")


def test_one_kind_at_a_time(client: TestClient, db: Database, secret: bytes, busy: Process) -> None:
    sign_in_as(client, db, secret, busy, BEA)
    page = client.get(f"{WORK}?soort=new").text
    items = page[page.index('<ol class="work">') :]
    assert "Pluktuin" in items
    assert "Wacht op een oordeel" not in items
    assert "Hier wacht nu niets" in words(client.get(f"{WORK}?soort=opinion").text)
    assert "Pluktuin" in client.get(f"{WORK}?soort=<script>").text


def test_when_all_is_done_the_page_says_so(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    assert "Alles is gedaan." in words(client.get(WORK).text)


def test_who_has_no_part_in_it_is_refused(
    client: TestClient, db: Database, secret: bytes, busy: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, busy, STEF)
    assert client.get(WORK).status_code == 403
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert client.get(WORK).status_code == 403
    sign_out(client)
    assert client.get(WORK).headers["location"].startswith("/beheer/inloggen")


def test_it_says_how_old_and_where_to_begin(client: TestClient, db: Database, secret: bytes, busy: Process) -> None:
    with writing(db):
        db.execute(
            "UPDATE plans SET submitted_at = ? WHERE status = 'submitted'", [phases.to_text(BEFORE - timedelta(40))]
        )
    sign_in_as(client, db, secret, busy, MO)
    page = Page(client.get(WORK).text)
    assert "Begin met het oudste" in page.words
    assert "40 dagen, sinds" in page.words
    garden = next(plan.id for plan in busy.all_plans if plan.project_id == "tuin")
    first = next(a["href"] for a in page.all("a") if a.get("class") == "button")
    assert first == f"/beheer/bezuidenhout/plannen/{garden}"


def test_home_leads_to_the_work_and_says_when_there_is_none(
    client: TestClient, db: Database, secret: bytes, busy: Process, elsewhere: Process
) -> None:
    sign_in_as(client, db, secret, busy, OLGA)
    page = Page(client.get("/beheer").text)
    assert "Er wachten 8 dingen op u." in page.words
    assert page.words.index("Bezuidenhout beslist") < page.words.index("Loosduinen beslist")
    assert WORK in {a["href"] for a in page.all("a") if a.get("class") == "button"}
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert "Er wacht nu niets op u." in words(client.get("/beheer").text)
