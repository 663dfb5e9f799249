"""The plannenbus: what a stemhulp sees and does, the papers to print, ages, and where residents are sent on."""

import csv
import io
import re
from typing import Any

import pytest
from litestar.testing import TestClient

from domain import paper
from domain.database import Database, writing
from domain.plans import Plan
from domain.processes import Process
from tests import staff
from tests.cast import AICHA, BRAM, reload
from tests.conftest import Clock
from tests.mailbox import ask_mail, confirm
from tests.pages import Page, words
from tests.test_submissions import photo
from tests.writing import (
    COLLECT_CLOSES,
    SWING,
    arrives,
    insert_collecting,
    insert_plan,
    mails_of,
    sign_in,
    swing,
)

HERE = "/beheer/benoordenhout/papier"
LISTS = f"{HERE}/lijsten"
NEW = f"{HERE}/plan"


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    process = insert_collecting(db, secret)
    insert_plan(db, process, arrives(db, secret, AICHA))
    return reload(db, process.slug)


@pytest.fixture
def plan(process: Process) -> Plan:
    return next(plan for plan in process.plans if plan.title == SWING["title"])


@pytest.fixture
def stef(client: TestClient, db: Database, secret: bytes, process: Process) -> int:
    """Stef, a stemhulp, is signed in."""
    return staff.sign_in_as(client, db, secret, process, staff.STEF)


def form_of_plan(client: TestClient, process: Process, **changes: str) -> dict[str, str]:
    key = Page(client.get(NEW).text).form(NEW).fields["sleutel"][0]
    return {**swing(process, title="Zandbak"), "sleutel": key, "channel": "paper", "verder": "1", **changes}


def list_of(plan: Plan, number: str = "3", count: str = "4") -> dict[str, str]:
    return {"plan": str(plan.id), "nummer": number, "aantal": count}


def supports(db: Database, plan: Plan) -> int:
    return int(db.execute("SELECT supports FROM plans WHERE id = ?", [plan.id]).fetchone()[0])


def zandbak(db: Database) -> dict[str, Any] | None:
    return next(db.query("SELECT * FROM plans WHERE title = 'Zandbak'"), None)


def test_a_stemhulp_and_a_moderator_may_and_others_may_not(
    client: TestClient, db: Database, secret: bytes, process: Process, elsewhere: Process, plan: Plan
) -> None:
    for who, status in ((staff.STEF, 200), (staff.MO, 200), (staff.BEA, 200), (staff.TESSA, 403)):
        staff.sign_in_as(client, db, secret, process, who)
        for path in (HERE, NEW, f"{HERE}/formulier", f"{HERE}/handtekeningen"):
            assert client.get(path).status_code == status, (who, path)
    staff.sign_in_as(client, db, secret, elsewhere, staff.NINA)
    assert client.post(LISTS, data=list_of(plan)).status_code == 403
    staff.sign_out(client)
    assert client.post(NEW, data=swing(process)).headers["location"].startswith("/beheer/inloggen")
    assert supports(db, plan) == 0


def test_a_plan_is_put_in_and_stands_on_the_site(client: TestClient, db: Database, process: Process, stef: int) -> None:
    answer = client.post(NEW, data=form_of_plan(client, process, channel="desk", email="aicha@example.org"))
    row = zandbak(db)
    assert row is not None
    assert answer.headers["location"] == f"{HERE}?gedaan=plan&nr={row['id']}"
    page = words(client.get(answer.headers["location"]).text)
    assert f"plan {row['project_id']} staat op de site" in page
    assert "Zandbak" in client.get(f"/benoordenhout/plannen/{row['id']}").text
    assert (row["channel"], row["account_id"]) == ("desk", stef)
    assert mails_of(db, "plan_entered") == ["aicha@example.org"]


def test_an_address_is_no_name_of_a_maker(client: TestClient, db: Database, process: Process, stef: int) -> None:
    answer = client.post(NEW, data=form_of_plan(client, process, name="aicha@example.org"))
    assert answer.status_code == 422
    assert "geen e-mailadres" in words(answer.text)
    assert zandbak(db) is None


def test_residents_see_nothing_of_how_it_came_and_staff_do(
    client: TestClient, db: Database, secret: bytes, process: Process, stef: int
) -> None:
    client.post(NEW, data=form_of_plan(client, process))
    row = zandbak(db)
    assert row is not None
    public = words(client.get(f"/benoordenhout/plannen/{row['id']}").text)
    assert "papier" not in public
    assert "Stef" not in public
    staff.sign_in_as(client, db, secret, process, staff.MO)
    assert "op papier, ingevoerd door Stef" in words(client.get(f"/beheer/benoordenhout/plannen/{row['id']}").text)


def test_what_is_wrong_is_said_and_what_was_typed_stays(client: TestClient, process: Process, stef: int) -> None:
    answer = client.post(NEW, data=form_of_plan(client, process, title="", email="geen adres", channel="postduif"))
    assert answer.status_code == 422
    page = Page(answer.text)
    assert {a["href"] for a in page.all("a")} >= {"#title", "#email", "#channel"}
    assert SWING["description"].split("\n")[0] in answer.text
    assert "geen adres" in answer.text


def test_more_rows_and_a_photo_without_script_and_nothing_is_lost(
    client: TestClient, db: Database, process: Process, stef: int
) -> None:
    form = form_of_plan(client, process)
    del form["verder"]
    row = Page(client.post(NEW, data=form | {"what-3": "", "euros-3": "", "rij": "1"}).text)
    assert "what-4" in row.form(NEW).fields
    files = {"photo": ("schommel.jpg", photo(), "image/jpeg")}
    kept = client.post(NEW, data=form | {"foto": "1"}, files=files)
    assert kept.status_code == 200
    assert "/foto/" in kept.text
    client.post(NEW, data=form | {"verder": "1", "photo_alt": "Een zandbak"})
    made = zandbak(db)
    assert made is not None
    assert made["photo"]


def test_pressed_twice_there_is_one_plan(client: TestClient, db: Database, process: Process, stef: int) -> None:
    form = form_of_plan(client, process)
    first, second = (client.post(NEW, data=form).headers["location"] for _ in range(2))
    assert first == second
    assert db.execute("SELECT count(*) FROM plans WHERE title = 'Zandbak'").fetchone() == (1,)


def test_just_after_closing_a_reason_is_asked_and_later_it_is_over(
    client: TestClient, db: Database, process: Process, stef: int, clock: Clock
) -> None:
    clock.now = COLLECT_CLOSES
    staff.sign_in_as(client, db, b"", process, staff.STEF)
    with writing(db):
        db.execute("UPDATE staff_sessions SET expires_at = '2027-01-01T00:00:00Z', seen_at = '2026-05-31T22:00:00Z'")
    form = form_of_plan(client, process)
    answer = client.post(NEW, data=form)
    assert answer.status_code == 422
    assert "#reden" in {a["href"] for a in Page(answer.text).all("a")}
    assert client.post(NEW, data=form | {"reden": "Lag in de bus."}).status_code == 303
    clock.now = COLLECT_CLOSES + paper.LATE
    with writing(db):
        db.execute("UPDATE staff_sessions SET seen_at = '2026-06-03T22:00:00Z'")
    assert client.post(NEW, data=form | {"title": "Te laat"}).status_code == 409
    assert "U kunt nu geen plan overnemen" in client.get(NEW).text


def test_a_list_is_entered_said_and_taken_back(
    client: TestClient, db: Database, process: Process, plan: Plan, stef: int
) -> None:
    answer = client.post(LISTS, data=list_of(plan))
    page = words(client.get(answer.headers["location"].partition("#")[0]).text)
    assert "lijst 3 is ingevoerd, met 4 handtekeningen" in page
    assert supports(db, plan) == 4
    assert "4 mensen" in words(client.get(plan.url).text)
    back = client.post(f"{LISTS}/3/terugname")
    assert "het nummer is weer vrij" in words(client.get(back.headers["location"].partition("#")[0]).text).lower()
    assert supports(db, plan) == 0


def test_two_colleagues_with_the_same_list(
    client: TestClient, db: Database, secret: bytes, process: Process, plan: Plan, stef: int
) -> None:
    client.post(LISTS, data=list_of(plan))
    staff.sign_in_as(client, db, secret, process, staff.MO)
    answer = client.post(LISTS, data=list_of(plan, count="30"))
    assert answer.status_code == 409
    assert "Lijst 3 is al ingevoerd, door Stef: 4 handtekeningen" in words(answer.text)
    assert 'value="30"' in answer.text
    assert client.post(f"{LISTS}/3/terugname").status_code == 409
    assert supports(db, plan) == 4
    staff.sign_in_as(client, db, secret, process, staff.BEA)
    assert client.post(f"{LISTS}/3/terugname").status_code == 303


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"nummer": "drie"}, "nummer"),
        ({"nummer": "0"}, "nummer"),
        ({"nummer": "100000"}, "nummer"),
        ({"aantal": "31"}, "aantal"),
        ({"aantal": "-1"}, "aantal"),
        ({"aantal": ""}, "aantal"),
        ({"plan": ""}, "plan"),
        ({"plan": "99999"}, "plan"),
    ],
)
def test_a_list_that_can_not_be(
    client: TestClient, db: Database, plan: Plan, stef: int, changes: dict[str, str], field: str
) -> None:
    answer = client.post(LISTS, data=list_of(plan) | changes)
    assert answer.status_code == 422
    assert f"#{field}" in {a["href"] for a in Page(answer.text).all("a")}
    assert supports(db, plan) == 0


def test_where_support_is_by_code_the_page_says_why_not(
    client: TestClient, db: Database, plan: Plan, stef: int
) -> None:
    with writing(db):
        db.execute("UPDATE processes SET supporters = 'code'")
    assert "eigen stemcode" in words(client.get(HERE).text)
    for answer in (client.post(LISTS, data=list_of(plan)), client.get(f"{HERE}/handtekeningen")):
        assert answer.status_code == 409
        assert "eigen stemcode" in words(answer.text)
    assert supports(db, plan) == 0


def test_the_papers_say_what_happens_to_them(client: TestClient, db: Database, plan: Plan, stef: int) -> None:
    with writing(db):
        db.execute("UPDATE processes SET submit_age = 12, support_age = 14")
    form = words(client.get(f"{HERE}/formulier").text)
    for said in ("Plannenbus", "€ 5.000", "12 jaar", "31 mei 2026", "Wat gebeurt er met uw plan?", "vernietigen"):
        assert said in form.replace("\u00a0", " "), said
    html = client.get(f"{HERE}/handtekeningen?plan={plan.id}&van=8&aantal=2").text
    listed = words(html)
    for said in ("Lijst nummer 8", "Lijst nummer 9", plan.title, "14 jaar", "vernietigen het op 13 juli 2026"):
        assert said in listed, said
    assert len(re.findall(r'<th scope="row">30</th>', html)) == 2
    assert "<style" not in html


def test_a_list_says_how_a_plan_came_in_and_never_how_few_supported_it_on_paper(
    client: TestClient, db: Database, secret: bytes, plan: Plan, stef: int
) -> None:
    client.post(LISTS, data=list_of(plan))
    process = reload(db, "benoordenhout")
    client.post(NEW, data=form_of_plan(client, process))
    staff.sign_in_as(client, db, secret, process, staff.BEA)
    supports = client.get("/beheer/benoordenhout/export/steun.csv").text
    assert ";4" in supports
    assert "papier" not in supports
    exported = client.get("/beheer/benoordenhout/export/plannen.csv").content.decode("utf-8-sig")
    plans = csv.DictReader(io.StringIO(exported), delimiter=";")
    assert {row["titel"]: row["kanaal"] for row in plans}.items() >= {"Zandbak": "papier", plan.title: "site"}.items()


# Residents where staff write plans down


def test_where_staff_write_plans_down_residents_hear_where_to_go(
    client: TestClient, db: Database, secret: bytes, process: Process
) -> None:
    sign_in(client, db, secret, AICHA)
    client.get("/benoordenhout/plannen/nieuw")
    client.post("/benoordenhout/plannen/nieuw", data={**swing(process), "bewaar": "1"})
    with writing(db):
        db.execute("UPDATE processes SET submitters = 'staff'")
        db.execute("UPDATE phases SET text = 'De bus staat dinsdag op de markt.' WHERE kind = 'collect'")
    answer = client.get("/benoordenhout/plannen/nieuw")
    assert answer.status_code == 200
    for said in ("Wij schrijven uw plan voor u op", "De bus staat dinsdag op de markt."):
        assert said in words(answer.text)
    for path in ("nieuw", "nieuw/inzending"):
        refused = client.post(f"/benoordenhout/plannen/{path}", data={**swing(process), "verder": "1"})
        assert refused.status_code == 409
        assert "Uw plan is niet ingediend" in words(refused.text)


# Ages


def test_who_hands_in_says_to_be_old_enough(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    with writing(db):
        db.execute("UPDATE processes SET submit_age = 12")
    sign_in(client, db, secret, AICHA)
    client.get("/benoordenhout/plannen/nieuw")
    client.post("/benoordenhout/plannen/nieuw", data={**swing(process, title="Zandbak"), "verder": "1"})
    preview = Page(client.get("/benoordenhout/plannen/nieuw/voorbeeld").text)
    assert "Ik ben 12 jaar of ouder" in preview.words
    action = "/benoordenhout/plannen/nieuw/inzending"
    seal = {"seal": preview.form(action).fields["seal"][0]}
    answer = client.post(action, data=seal)
    assert answer.status_code == 422
    assert "#leeftijd" in {a["href"] for a in Page(answer.text).all("a")}
    assert zandbak(db) is None
    assert client.post(action, data={**seal, "leeftijd": "1"}).status_code == 303
    assert zandbak(db)


def test_who_supports_says_so_the_first_time(client: TestClient, db: Database, secret: bytes, plan: Plan) -> None:
    with writing(db):
        db.execute("UPDATE processes SET support_age = 12")
    assert "Ik ben 12 jaar of ouder" in words(client.get(plan.url).text)
    answer = client.post(f"{plan.url}/steun")
    assert answer.status_code == 422
    assert "Uw steun telt nog niet" in words(answer.text)
    assert client.post(f"{plan.url}/steun", headers={"HX-Request": "true"}).status_code == 200
    asked = client.post(f"{plan.url}/steun", data={"leeftijd": "1"})
    ask_mail(client, asked.text, BRAM.email)
    confirm(client, db, BRAM)
    assert supports(db, plan) == 1
    other = reload(db, "benoordenhout").by_project_id["bank"]
    assert "Ik ben 12 jaar of ouder" not in words(client.get(other.url).text)
    assert client.post(f"{other.url}/steun").status_code == 303
    assert supports(db, other) == 1


def test_with_a_code_the_age_is_asked_once(client: TestClient, db: Database, plan: Plan) -> None:
    with writing(db):
        db.execute("UPDATE processes SET support_age = 12, supporters = 'code'")
    assert client.post(f"{plan.url}/steun", data={"code": AICHA.letter}).status_code == 422
    asked = Page(client.post(f"{plan.url}/steun", data={"leeftijd": "1"}).text)
    fields = asked.form(f"{plan.url}/steun").fields
    assert client.post(f"{plan.url}/steun", data={**fields, "code": AICHA.letter}).status_code == 303
    assert supports(db, plan) == 1


def test_the_ballot_says_from_what_age(client: TestClient, db: Database, secret: bytes, elsewhere: Process) -> None:
    assert "Stemmen mag vanaf" not in words(client.get("/loosduinen/stemmen").text)
    with writing(db):
        db.execute("UPDATE processes SET vote_age = 12")
    assert "Stemmen mag vanaf 12 jaar" in words(client.get("/loosduinen/stemmen").text)
