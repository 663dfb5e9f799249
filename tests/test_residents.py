"""What a resident finds under “mijn”, what we know of them, and having it removed."""

import json
from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import (
    areas,
    database,
    follows,
    interests,
    links,
    mails,
    makers,
    moderation,
    news,
    phases,
    reactions,
    residents,
    supports,
    withdrawals,
)
from domain.database import Database, writing
from domain.outbox import Recipient
from domain.phases import Phase
from domain.processes import Process
from domain.reactions import Typed
from routes.submissions import PREFIX
from routes.visitors import COOKIE
from tests.cast import AICHA, BRAM, NOW, reload
from tests.conftest import Clock
from tests.mailbox import SEND, ask_mail, confirm, mail_to
from tests.pages import Page, words
from tests.writing import arrives, insert_collecting, insert_plan, sign_in

WRITING = "/benoordenhout/plannen/nieuw"
CONTACT = "06 12345678"
ARGUMENT = "Dan kan opa daar ook zitten."


@pytest.fixture
def process(db: Database, secret: bytes) -> Process:
    """Benoordenhout collects plans. Aïcha made one, with Bram; she did everything else that leaves a trace."""
    process = insert_collecting(db, secret)
    aicha, bram = arrives(db, secret, AICHA), arrives(db, secret, BRAM)
    plan = insert_plan(db, process, aicha)
    with writing(db):
        makers.add(db, plan, bram, "Bram", "", NOW + timedelta(seconds=1))
        db.execute("UPDATE makers SET contact = ? WHERE resident_id = ?", [CONTACT, aicha])
        leave_traces(db, process, plan, aicha, bram)
        key = interests.key_of(secret, residents.key_of_address(secret, AICHA.email))
        address = interests.sealed_address(secret, AICHA.email)
        interests.ask(db, key, address, "nl", [areas.of_process(db, process.id)], ["Groen"], NOW)
    return reload(db, process.slug)


def leave_traces(db: Database, process: Process, plan: int, aicha: int, bram: int) -> None:
    supports.give(db, plan, aicha, NOW)
    supports.give(db, plan, bram, NOW)
    mine = reactions.write(db, process.id, plan, aicha, Typed("for", ARGUMENT, "Aïcha", None), NOW)
    reactions.write(db, process.id, plan, bram, Typed("answer", "Mijn opa ook!", "Bram", mine), NOW)
    his = reactions.write(db, process.id, plan, bram, Typed("against", "Te duur.", "Bram", None), NOW)
    reactions.mark(db, process.id, his, aicha, True, NOW)
    follows.follow(db, process.id, plan, aicha, "digest", NOW)
    links.make(db, "support", AICHA.email, {"plan": plan}, NOW)
    mails.confirm(db, NOW, Recipient("Aicha@Example.org"), path="/bevestig/x", action="support")
    draft = {"process_id": process.id, "saved_at": phases.to_text(NOW), "hash": b"d" * 32}
    fields = json.dumps({"texts": {"title": "Nog een plan", "contact": "AICHA@example.org"}})
    database.insert(db, "submissions", {**draft, "fields": fields})
    question = {
        "plan_id": plan,
        "text": "Wie onderhoudt het?",
        "asked_at": phases.to_text(NOW),
        "account_id": tessa(db),
    }
    database.insert(db, "questions", {**question, "answer": "Wij zelf.", "answered_by": aicha})


def tessa(db: Database) -> int:
    row = {"email": "tessa@gemeente.example", "name": "Tessa", "created_at": phases.to_text(NOW)}
    return database.insert(db, "accounts", row)


def everything(db: Database) -> str:
    """All text that the database holds, whatever the table."""
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = (row for table in tables if "fts" not in table for row in db.execute(f"SELECT * FROM {table}"))
    return "\n".join(str(value) for row in rows for value in row)


def swing(db: Database) -> dict[str, object]:
    return next(db.query("SELECT * FROM plans WHERE title = 'Schommel in het park'"))


def test_who_is_not_known_signs_in_first(client: TestClient, process: Process) -> None:
    for path, said in (("/mijn", "Aanmelden"), ("/mijn/gegevens", "Wat weten jullie van mij?")):
        page = Page(client.get(path).text)
        assert said in page.words
        assert SEND in {form.action for form in page.forms}
    for path in ("/mijn/verwijdering", "/mijn/gegevens.json"):
        assert client.get(path).headers["location"] == "/mijn/gegevens"
    answer = client.post("/mijn/verwijdering")
    assert answer.headers["location"] == "/mijn/gegevens"


def test_mijn_shows_what_is_mine(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in(client, db, secret, AICHA)
    answer = client.get("/mijn")
    page = words(answer.text)
    for said in (
        "Mijn plannen Schommel in het park",
        "Wat ik steun Schommel in het park",
        ARGUMENT,
        "één mail per dag",
    ):
        assert said in page
    assert "Te duur." not in page
    assert answer.headers["cache-control"] == "no-store"


def test_signing_out_ends_the_session_itself(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in(client, db, secret, AICHA)
    token = client.cookies[COOKIE]
    answer = client.post("/mijn/afmelding")
    assert answer.status_code == 303
    assert "Max-Age=0" in answer.headers["set-cookie"]
    client.cookies.clear()
    client.cookies.set(COOKIE, token, domain="testserver.local")
    assert "Wat ik steun" not in words(client.get("/mijn").text)


def test_what_we_know_is_on_screen_and_in_a_file(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    page = words(client.get("/mijn/gegevens").text)
    answer = client.get("/mijn/gegevens.json")
    assert answer.headers["content-disposition"].startswith("attachment")
    (known,) = json.loads(answer.text)
    for said in (AICHA.email, CONTACT, ARGUMENT, "Te duur.", "Wij zelf.", "Nog een plan", "Aicha@Example.org"):
        assert said in page, said
        assert said in answer.text, said
    assert {name for name, rows in known.items() if not rows} == set()
    assert "Mijn opa ook!" not in answer.text + page  # that is Bram's


def test_nobody_sees_the_data_of_another(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in(client, db, secret, BRAM)
    for path in ("/mijn", "/mijn/gegevens", "/mijn/gegevens.json", "/mijn/verwijdering"):
        text = client.get(path).text
        assert AICHA.email not in text.lower()
        assert CONTACT not in text


def test_by_mail_link_without_a_session(client: TestClient, process: Process, db: Database) -> None:
    ask_mail(client, client.get("/mijn/gegevens").text, AICHA.email)
    assert db.execute("SELECT kind FROM outbox ORDER BY id DESC LIMIT 1").fetchone() == ("personal_data",)
    answer = confirm(client, db, AICHA)
    assert answer.headers["location"] == "/mijn/gegevens"
    assert ARGUMENT in words(client.get("/mijn/gegevens").text)


def test_removing_leaves_nothing_of_them_in_any_table(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    before = everything(db)
    for trace in (AICHA.email, "Aicha@Example.org", CONTACT, ARGUMENT, "Aïcha", "Nog een plan"):
        assert trace in before
    assert "Uw plannen blijven staan" in words(client.get("/mijn/verwijdering").text)
    answer = client.post("/mijn/verwijdering", data={"naam_weg": "1"})
    assert "U bent verwijderd" in words(answer.text)
    assert "Max-Age=0" in answer.headers["set-cookie"]
    after = everything(db)
    for trace in (AICHA.email, CONTACT, ARGUMENT, "Aïcha", "Nog een plan"):
        assert trace.lower() not in after.lower(), trace
    assert str(residents.key_of_address(secret, AICHA.email)) not in after
    for table in ("resident_sessions", "follows", "useful_marks", "links", "outbox", "interested", "interests"):
        assert db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table


def write_plan(client: TestClient) -> None:
    """Half a plan, saved in this browser."""
    client.get(WRITING)
    typed = {"title": "Half plan", "contact": "070 7654321", "what-1": "Grond", "euros-1": "123"}
    client.post(WRITING, data={**typed, "bewaar": "1"})


def test_a_plan_written_in_this_browser_is_theirs_too(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    write_plan(client)
    sign_in(client, db, secret, AICHA)
    mine = client.get("/mijn")
    assert "Nog niet ingediend Half plan – Benoordenhout beslist" in words(mine.text)
    assert f'href="{WRITING}"' in mine.text
    for path in ("/mijn/gegevens", "/mijn/gegevens.json"):
        text = words(client.get(path).text)
        for said in ("Half plan", "070 7654321", "Grond", "123"):
            assert said in text
    client.cookies.delete(f"{PREFIX}{process.id}")
    assert "Half plan" not in words(client.get("/mijn").text), "another browser"


def test_removing_takes_the_plan_written_in_this_browser(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    write_plan(client)
    sign_in(client, db, secret, AICHA)
    assert "Plannen die u schreef maar nog niet indiende, zijn weg." in words(client.get("/mijn/verwijdering").text)
    answer = client.post("/mijn/verwijdering")
    ended = [cookie for cookie in answer.headers.get_list("set-cookie") if "Max-Age=0" in cookie]
    assert any(cookie.startswith(f"{PREFIX}{process.id}=") for cookie in ended)
    assert "070 7654321" not in everything(db)
    assert "Half plan" not in client.get(WRITING).text


def test_removing_leaves_a_plan_that_somebody_else_handed_in_here(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    write_plan(client)
    plan = swing(db)["id"]
    with writing(db):
        db.execute("DELETE FROM makers WHERE plan_id = ?", [plan])
        db.execute("UPDATE submissions SET plan_id = ? WHERE fields LIKE '%Half plan%'", [plan])
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    assert "070 7654321" in everything(db)


def test_removing_leaves_what_others_did(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering", data={"naam_weg": "1"})
    plan = swing(db)
    assert plan["maker"] == "Een bewoner en Bram"
    assert plan["supports"] == 1  # hers could still be taken back, so it was
    assert {text for (text,) in db.execute("SELECT text FROM reactions")} == {"–", "Mijn opa ook!", "Te duur."}
    assert db.execute("SELECT useful FROM reactions WHERE text = 'Te duur.'").fetchone() == (0,)
    assert makers.names(db, int(str(plan["id"]))) == ["Bram"]


def test_why_a_maker_withdrew_a_plan_goes_with_them(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    plan = process.plans[-1].id
    with writing(db):
        assert withdrawals.withdraw(db, plan, "Ik word geopereerd", NOW)
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    assert "geopereerd" not in everything(db)
    assert [item.kind for item in news.newest(db, process.id, plan)][:1] == ["withdrawn"]
    assert swing(db)["withdrawn_at"]


def test_why_staff_withdrew_a_plan_stays(client: TestClient, process: Process, db: Database, secret: bytes) -> None:
    plan, staff = process.plans[-1].id, db.execute("SELECT id FROM accounts").fetchone()[0]
    with writing(db):
        moderation.withdraw(db, process, plan, "De straat wordt opgebroken", NOW, staff)
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    assert swing(db)["status_reason"] == "De straat wordt opgebroken"
    assert news.newest(db, process.id, plan)[0].text == "De straat wordt opgebroken"


def test_the_name_on_a_plan_stays_unless_they_ask(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    assert swing(db)["maker"] == "Aïcha en Bram"
    assert AICHA.email not in everything(db).lower()


def test_support_that_can_not_be_taken_back_stays_counted(
    client: TestClient, process: Process, db: Database, secret: bytes, clock: Clock
) -> None:
    sign_in(client, db, secret, AICHA)
    db.execute("UPDATE phases SET closes_at = ? WHERE kind = 'collect'", [phases.to_text(NOW)])
    client.post("/mijn/verwijdering")
    assert swing(db)["supports"] == 2
    assert db.execute("SELECT count(*) FROM supports WHERE resident_id IS NULL").fetchone()[0] == 1


def test_support_between_two_phases_can_not_be_given_twice_by_leaving(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    with writing(db):
        db.execute("UPDATE phases SET closes_at = ? WHERE kind = 'collect'", [phases.to_text(NOW)])
        phases.insert(db, process.id, [Phase("support", NOW + timedelta(days=1), NOW + timedelta(days=9))])
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    assert swing(db)["supports"] == 1


def test_removal_ends_the_sessions_on_every_device(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    aicha = sign_in(client, db, secret, AICHA)
    with writing(db):
        elsewhere = residents.start_session(db, aicha, NOW)
    for _ in range(2):  # double click
        assert client.post("/mijn/verwijdering").status_code in (200, 303)
    client.cookies.clear()
    client.cookies.set(COOKIE, elsewhere, domain="testserver.local")
    assert "Wat ik steun" not in words(client.get("/mijn").text)
    assert client.get("/mijn/gegevens.json").status_code == 303


def test_a_mail_that_was_under_way_is_gone_with_them(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    with writing(db):
        token = links.make(db, "support", AICHA.email, {"plan": swing(db)["id"]}, NOW)
    sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    assert client.post(f"/bevestig/{token}").status_code == 404
    assert mail_to(db, AICHA) == []


def test_who_left_can_come_back_as_somebody_new(
    client: TestClient, process: Process, db: Database, secret: bytes
) -> None:
    before = sign_in(client, db, secret, AICHA)
    client.post("/mijn/verwijdering")
    client.cookies.clear()
    ask_mail(client, client.get("/aanmelden").text, AICHA.email)
    confirm(client, db, AICHA)
    page = words(client.get("/mijn").text)
    assert "U hebt geen plan ingediend." in page
    assert "U steunt geen plan." in page
    assert db.execute("SELECT id FROM residents WHERE email IS NULL").fetchone() is not None
    assert before
