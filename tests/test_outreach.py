"""What staff did so that more people take part: noted, shown beside the figures, and taken back."""

import json

import pytest
from litestar.testing import TestClient

from domain import outreach
from domain.database import Database
from domain.processes import Process
from tests.cast import NOW
from tests.pages import words
from tests.staff import NINA, sign_in, sign_in_as
from tests.watched import insert_buurten, insert_codes, make_figures, vote_many

WATCH = "/beheer/bezuidenhout/opkomst"
MARKET = {"action": "market", "done_on": "10-5-2026", "area": "", "age": "", "note": "Veel gesprekken."}


@pytest.fixture
def stef(client: TestClient, process: Process, db: Database, secret: bytes) -> int:
    """Stef helps voters; everyone with a role may note what they did."""
    return sign_in(client, db, secret, process, "stemhulp")


def test_stef_notes_what_was_done(client: TestClient, stef: int, process: Process, db: Database) -> None:
    reply = client.post(WATCH, data=MARKET)
    assert reply.status_code == 303
    text = words(client.get(WATCH).text)
    assert "Een tafel op de markt, 10 mei 2026" in text
    assert "Veel gesprekken." in text
    assert "Genoteerd door Stef" in text
    assert "Nog geen cijfers van ervoor en erna om te vergelijken." in text


def test_the_log_has_no_texts(client: TestClient, stef: int, db: Database) -> None:
    client.post(WATCH, data=MARKET)
    action, detail = db.execute("SELECT action, detail FROM audit_log ORDER BY id DESC LIMIT 1").fetchone()
    assert (action, json.loads(detail)) == ("outreach_noted", {"kind": "market"})


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"action": ""}, "action", "Kies wat u deed."),
        ({"action": "dansen"}, "action", "Kies een van de mogelijkheden."),
        ({"done_on": ""}, "done_on", "Vul dit in."),
        ({"done_on": "gisteren"}, "done_on", "Dit is geen datum."),
        ({"done_on": "2026-05-13"}, "done_on", "Deze dag moet nog komen."),
        ({"area": "999"}, "area", "Kies een van de mogelijkheden."),
        ({"age": "42"}, "age", "Kies een van de mogelijkheden."),
        ({"note": "x" * 1_001}, "note", "Dit is te lang."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    client: TestClient, stef: int, db: Database, changed: dict[str, str], field: str, said: str
) -> None:
    reply = client.post(WATCH, data=MARKET | {"note": "Blijft staan"} | changed)
    assert reply.status_code == 422
    assert f'href="#{field}"' in reply.text
    assert said in words(reply.text)
    if field != "note":
        assert "Blijft staan" in reply.text
    assert db.execute("SELECT count(*) FROM outreach").fetchone()[0] == 0


def test_a_mistake_is_taken_back_once(client: TestClient, stef: int, process: Process, db: Database) -> None:
    client.post(WATCH, data=MARKET)
    (id_,) = db.execute("SELECT id FROM outreach").fetchone()
    for _ in range(2):
        assert client.post(f"{WATCH}/acties/{id_}/weg").status_code == 303
    assert outreach.of_process(db, process.id) == []
    assert [row[0] for row in db.execute("SELECT action FROM audit_log ORDER BY id")][-1] == "outreach_removed"
    assert db.execute("SELECT count(*) FROM audit_log WHERE action = 'outreach_removed'").fetchone()[0] == 1


def test_nina_may_neither_note_nor_remove(
    client: TestClient, stef: int, process: Process, elsewhere: Process, db: Database, secret: bytes
) -> None:
    client.post(WATCH, data=MARKET)
    (id_,) = db.execute("SELECT id FROM outreach").fetchone()
    sign_in_as(client, db, secret, elsewhere, NINA)
    assert client.post(WATCH, data=MARKET).status_code == 403
    assert client.post(f"{WATCH}/acties/{id_}/weg").status_code == 403
    client.post(f"/beheer/loosduinen/opkomst/acties/{id_}/weg")
    assert len(outreach.of_process(db, process.id)) == 1


def test_figures_of_before_and_after_stand_beside_it(
    client: TestClient, stef: int, process: Process, db: Database
) -> None:
    ids = insert_buurten(db, process)
    for area_id in ids.values():
        insert_codes(db, process, area_id, 400)
        vote_many(db, process, area_id, 60)
    make_figures(db, process, NOW.replace(day=2))
    for name, more in (("West", 60), ("Haven", 80)):
        vote_many(db, process, ids[name], more)
    make_figures(db, process, NOW.replace(day=11))
    client.post(WATCH, data=MARKET | {"done_on": "2026-05-03", "area": str(ids["Haven"])})
    text = words(client.get(WATCH).text)
    assert "Op 2 mei 2026: 60. Op 11 mei 2026: 140." in text
    assert "Dat is 102 tot 149 procent erbij. Alles samen kreeg in die tijd 52 tot 63 procent erbij." in text
    assert "Het ging hier dus sneller." in text
    assert "Of het door uw actie komt, kan niemand hieruit zien" in text


def test_residents_see_what_was_done_but_not_the_note(
    client: TestClient, stef: int, process: Process, db: Database
) -> None:
    db.execute("UPDATE processes SET turnout_public = 'daily'")
    vote_many(db, process, None, 6)
    make_figures(db, process, NOW)
    client.post(WATCH, data=MARKET)
    text = words(client.get("/bezuidenhout/opkomst").text)
    assert "Een tafel op de markt (10 mei 2026)" in text
    assert "Veel gesprekken" not in text
    assert "Stef" not in text


def test_what_is_noted_afterwards_stands_on_both_pages_at_once(
    client: TestClient, stef: int, process: Process, db: Database
) -> None:
    buurten = insert_buurten(db, process)
    for area_id in buurten.values():
        insert_codes(db, process, area_id, 500)
        vote_many(db, process, area_id, 200)
    make_figures(db, process, NOW)
    db.execute("UPDATE processes SET turnout_public = 'daily' WHERE id = ?", [process.id])
    for path in (WATCH, "/bezuidenhout/opkomst"):
        assert "10 mei 2026" not in words(client.get(path).text)
    client.post(WATCH, data=MARKET)
    for path in (WATCH, "/bezuidenhout/opkomst"):
        assert "10 mei 2026" in words(client.get(path).text)


def test_there_is_an_end_to_what_can_be_noted(
    client: TestClient, stef: int, process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outreach, "MOST", 1)
    client.post(WATCH, data=MARKET)
    reply = client.post(WATCH, data=MARKET)
    assert reply.status_code == 422
    assert "Er staan al te veel acties." in words(reply.text)
