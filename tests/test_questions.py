"""Questions of staff, as the makers of a plan see and answer them. Nobody else sees them."""

import pytest
from litestar.testing import TestClient

from domain import makers, questions, residents, work
from domain.database import Database, writing
from domain.processes import Process
from routes.visitors import COOKIE
from tests.cast import AICHA, BRAM, NOW, WILLEM, Resident
from tests.pages import Page, words
from tests.staff import MO, TESSA, account, give, sign_in_as, sign_out

SCRIPT = "<script>alert('x')</script>"
ASKED = "Waar komen de bankjes precies?"


def plan_id(process: Process, project_id: str) -> int:
    return next(plan.id for plan in process.all_plans if plan.project_id == project_id)


def arrive(db: Database, who: Resident) -> int:
    with writing(db):
        resident = residents.arrived(db, who.code.encode().ljust(16)[:16], "nl", NOW)
        db.execute("UPDATE residents SET email = ? WHERE id = ?", [who.email, resident])
    return resident


def visit_as(client: TestClient, db: Database, who: Resident) -> int:
    """The browser is theirs."""
    resident = arrive(db, who)
    with writing(db):
        token = residents.start_session(db, resident, NOW)
    client.cookies.delete(COOKIE)
    client.cookies.set(COOKIE, token, domain="testserver.local", path="/")
    return resident


@pytest.fixture
def tessa(db: Database, process: Process) -> int:
    with writing(db):
        tessa = account(db, TESSA.name)
        give(db, tessa, process, TESSA.role)
    return tessa


@pytest.fixture
def bench(db: Database, process: Process, tessa: int) -> str:
    """The address of the bench that Aïcha and Bram made; Tessa asked something about it."""
    number = plan_id(process, "bank")
    for who in (AICHA, BRAM):
        resident = arrive(db, who)
        with writing(db):
            makers.add(db, number, resident, who.name, "", NOW)
    with writing(db):
        questions.ask(db, process, number, ASKED, tessa, NOW)
    return f"/bezuidenhout/plannen/{number}"


def test_what_waits_for_an_answer_stands_first_on_the_page_of_the_maker(
    client: TestClient, db: Database, process: Process, bench: str
) -> None:
    visit_as(client, db, WILLEM)
    assert "wacht een vraag" not in words(client.get("/mijn").text)
    aicha = visit_as(client, db, AICHA)
    page = Page(client.get("/mijn").text)
    assert "Er wacht een vraag op uw antwoord" in page.words
    assert f"{bench}/vragen" in {a.get("href") for a in page.all("a")}
    with writing(db):
        questions.answer(db, process, plan_id(process, "bank"), question_of(db), aicha, "Bij de bomen", NOW)
    assert "wacht een vraag" not in words(client.get("/mijn").text)


def question_of(db: Database) -> int:
    return int(db.execute("SELECT max(id) FROM questions").fetchone()[0])


def answer(client: TestClient, db: Database, bench: str, text: str) -> int:
    number = question_of(db)
    return client.post(f"{bench}/vragen/{number}", data={f"antwoord-{number}": text}).status_code


def test_a_maker_answers_on_the_page_of_the_plan(
    client: TestClient, db: Database, process: Process, bench: str, tessa: int
) -> None:
    visit_as(client, db, AICHA)
    assert ASKED in words(client.get(bench).text)
    for _ in range(2):  # a double click
        assert answer(client, db, bench, "Bij de speeltuin.") == 303
    assert "Bij de speeltuin." in words(client.get(bench).text)
    mailed = [row[0] for row in db.execute("SELECT recipient FROM outbox WHERE kind = 'answer'")]
    assert mailed == ["tessa@gemeente.example"]
    (item,) = [each for each in work.waiting(db, process, {"toetser"}, tessa, NOW) if each.kind == "answer"]
    assert item.plan is not None
    assert item.plan.url == bench


def test_the_mail_with_a_question_leads_to_where_it_is_answered(client: TestClient, db: Database, bench: str) -> None:
    asks_address = client.get(f"{bench}/vragen")
    assert "e-mailadres" in words(asks_address.text)
    assert ASKED not in asks_address.text
    visit_as(client, db, AICHA)
    assert ASKED in words(client.get(f"{bench}/vragen").text)


def test_nobody_else_sees_a_question_or_answers_it(
    client: TestClient, db: Database, secret: bytes, process: Process, bench: str
) -> None:
    assert ASKED not in client.get(bench).text
    assert answer(client, db, bench, "Nergens.") == 403
    visit_as(client, db, WILLEM)
    assert ASKED not in client.get(bench).text
    assert ASKED not in client.get(f"{bench}/vragen").text
    assert answer(client, db, bench, "Nergens.") == 403
    sign_in_as(client, db, secret, process, MO)
    assert answer(client, db, bench, "Nergens.") == 403
    sign_out(client)
    assert questions.of_plan(db, plan_id(process, "bank"))[0].answer == ""


def test_the_second_maker_sees_what_the_first_answered(client: TestClient, db: Database, bench: str) -> None:
    visit_as(client, db, AICHA)
    answer(client, db, bench, "Bij de speeltuin.")
    visit_as(client, db, BRAM)
    number = question_of(db)
    refused = client.post(f"{bench}/vragen/{number}", data={f"antwoord-{number}": "Langs de vijver."})
    assert refused.status_code == 409
    assert "Een andere bedenker was u voor" in words(refused.text)
    assert "Bij de speeltuin." in words(refused.text)
    assert "Langs de vijver." in words(refused.text)


def test_an_empty_answer_comes_back(client: TestClient, db: Database, bench: str) -> None:
    visit_as(client, db, AICHA)
    number = question_of(db)
    refused = client.post(f"{bench}/vragen/{number}", data={f"antwoord-{number}": "  "})
    assert refused.status_code == 422
    assert {"href": f"#antwoord-{number}"} in Page(refused.text).all("a")


def test_a_question_about_another_plan_is_not_found_here(
    client: TestClient, db: Database, process: Process, elsewhere: Process, bench: str
) -> None:
    aicha = visit_as(client, db, AICHA)
    garden, number = plan_id(process, "tuin"), question_of(db)
    with writing(db):
        makers.add(db, garden, aicha, "Aïcha", "", NOW)
    sent = {f"antwoord-{number}": "Overal."}
    assert client.post(f"/bezuidenhout/plannen/{garden}/vragen/{number}", data=sent).status_code == 404
    other = bench.replace("bezuidenhout", "loosduinen")
    assert client.post(f"{other}/vragen/{number}", data=sent).status_code == 404
    with pytest.raises(questions.NoSuchQuestion):
        questions.answer(db, elsewhere, plan_id(process, "bank"), number, aicha, "Overal.", NOW)
    assert questions.of_plan(db, plan_id(process, "bank"))[0].answer == ""


def test_what_is_typed_shows_as_text(client: TestClient, db: Database, bench: str) -> None:
    visit_as(client, db, AICHA)
    answer(client, db, bench, SCRIPT)
    page = client.get(bench).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page
