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
    for place in ("/meldingen?werk=report", "/reacties?werk=reaction", f"/plannen/{bench}/toets?werk=verdict"):
        assert f"/beheer/bezuidenhout{place}" in links
    assert "/beheer/post?werk=mail&toon=mislukt&traject=bezuidenhout" in links
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
    assert first == f"/beheer/bezuidenhout/plannen/{garden}?werk=new"


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


# From one piece of work to the next


def id_of(process: Process, project_id: str) -> int:
    return next(plan.id for plan in process.all_plans if plan.project_id == project_id)


@pytest.fixture
def three_new(busy: Process, db: Database) -> Process:
    """The garden, the bench and the taps wait to be published, in that order; somebody reported the bikes."""
    with writing(db):
        for days, plan in enumerate(("tap", "bank", "tuin"), 1):
            at = phases.to_text(BEFORE - timedelta(days))
            db.execute("UPDATE plans SET status = 'submitted', submitted_at = ? WHERE project_id = ?", [at, plan])
        db.execute("DELETE FROM reactions")
        db.execute("UPDATE reports SET plan_id = ?", [id_of(busy, "fiets")])
    return reload(db)


def press(client: TestClient, address: str, action: str, **typed: str) -> str:
    """Press the button of that form on the page at that address, and return the address one comes at."""
    form = next(form for form in Page(client.get(address).text).forms if action in form.action)
    answer = client.post(form.action, data={**form.fields, **typed})
    return str(answer.headers["location"])


def test_mo_goes_on_from_plan_to_plan_to_report_until_all_is_done(
    client: TestClient, db: Database, secret: bytes, three_new: Process
) -> None:
    sign_in_as(client, db, secret, three_new, MO)
    place = next(a["href"] for a in Page(client.get(WORK).text).all("a") if a.get("class") == "button")
    for plan in ("tuin", "bank", "tap"):
        number = id_of(three_new, plan)
        assert place.startswith(f"/beheer/bezuidenhout/plannen/{number}?werk=new")
        place = press(client, place, "/moderatie")
        said = words(client.get(place).text)
        assert f"‘{three_new.by_id[number].title}’: Het plan is gepubliceerd." in said
    assert place.startswith("/beheer/bezuidenhout/meldingen?werk=report")
    place = press(client, place, "/meldingen")
    assert place.startswith(f"{WORK}?")
    assert "De meldingen over ‘Fietsenstalling’ zijn afgehandeld" in words(client.get(place).text)
    assert "Alles is gedaan." in words(client.get(place).text)
    assert all(plan.status == "published" for plan in reload(db).all_plans)


def test_hiding_a_plan_goes_on_too(client: TestClient, db: Database, secret: bytes, three_new: Process) -> None:
    sign_in_as(client, db, secret, three_new, MO)
    garden, bench = (id_of(three_new, plan) for plan in ("tuin", "bank"))
    here = f"/beheer/bezuidenhout/plannen/{garden}?werk=new"
    assert Page(client.get(here).text).link("next") == f"/beheer/bezuidenhout/plannen/{bench}?werk=new"
    asked = client.post("/beheer/bezuidenhout/plannen?werk=new", data={"actie": "hide", "plan": str(garden)})
    form = Page(asked.text).form("/beheer/bezuidenhout/moderatie?werk=new")
    missing = client.post(form.action, data={**form.fields, "reden": ""})
    assert (missing.status_code, Page(missing.text).form(form.action).fields) == (422, form.fields)
    following = client.post(form.action, data={**form.fields, "reden": "Reclame"}).headers["location"]
    assert following == f"/beheer/bezuidenhout/plannen/{bench}?werk=new&klaar=hide-{garden}"


def test_who_did_not_come_from_the_list_stays_with_the_plan(
    client: TestClient, db: Database, secret: bytes, three_new: Process
) -> None:
    sign_in_as(client, db, secret, three_new, MO)
    here = f"/beheer/bezuidenhout/plannen/{id_of(three_new, 'tuin')}"
    assert press(client, here, "/moderatie") == f"{here}?gedaan=publish"


def test_the_text_stands_above_the_button_that_publishes_it(
    client: TestClient, db: Database, secret: bytes, three_new: Process
) -> None:
    sign_in_as(client, db, secret, three_new, MO)
    garden = id_of(three_new, "tuin")
    with writing(db):
        db.execute("UPDATE plans SET description = 'Met bessen en noten.' WHERE id = ?", [garden])
    page = client.get(f"/beheer/bezuidenhout/plannen/{garden}").text
    assert page.index("Met bessen en noten.") < page.index("Publiceer</button>")


def test_mail_that_goes_again_leads_back_to_the_list(
    client: TestClient, db: Database, secret: bytes, busy: Process
) -> None:
    with writing(db):
        db.execute("DELETE FROM reports")
        db.execute("DELETE FROM reactions")
        db.execute("DELETE FROM phases WHERE kind = 'assess'")
        db.execute("UPDATE plans SET status = 'published'")
    sign_in_as(client, db, secret, busy, BEA)
    (mail,) = db.execute("SELECT id FROM outbox").fetchone()
    again = f"/beheer/post/{mail}/poging?werk=mail&traject=bezuidenhout"
    assert client.post(again).headers["location"] == f"{WORK}?klaar=mail-0"
    assert "De mail gaat opnieuw weg." in words(client.get(f"{WORK}?klaar=mail-0").text)


@pytest.mark.parametrize("odd", ["", "x", "publish-", "publish-999999", "publish-x", "<script>-1", "mail", "publish"])
def test_an_address_that_says_something_odd_was_done_is_just_the_page(
    client: TestClient, db: Database, secret: bytes, busy: Process, odd: str
) -> None:
    sign_in_as(client, db, secret, busy, BEA)
    page = client.get(WORK, params={"klaar": odd})
    assert page.status_code == 200
    assert 'id="done"' not in page.text


def test_a_plan_that_residents_made_public_waits_until_somebody_has_seen_it(
    client: TestClient, db: Database, secret: bytes, busy: Process
) -> None:
    bikes = id_of(busy, "fiets")
    with writing(db):
        db.execute("DELETE FROM reports")
        db.execute("DELETE FROM reactions")
        db.execute("UPDATE plans SET status = 'published', unread = project_id = 'fiets'")
    sign_in_as(client, db, secret, busy, MO)
    assert "Nieuwe plannen (1)" in words(client.get(WORK).text)
    here = f"/beheer/bezuidenhout/plannen/{bikes}?werk=new"
    assert "Nog geen medewerker heeft gezegd dat het zo kan blijven" in words(client.get(here).text)
    place = press(client, here, "/gezien")
    assert "U hebt ‘Fietsenstalling’ gezien" in words(client.get(place).text)
    assert "Alles is gedaan." in words(client.get(place).text)
    assert "/gezien" not in client.get(here).text
    assert [row[0] for row in db.execute("SELECT action FROM audit_log")] == ["plan_seen"]
    sign_in_as(client, db, secret, busy, TESSA)
    assert client.post(f"/beheer/bezuidenhout/plannen/{bikes}/gezien").status_code == 403
