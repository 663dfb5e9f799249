"""Devices on which several people vote: at the desk, or with somebody who helps."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import devices
from domain.database import Database
from domain.processes import Process
from tests.cast import AICHA, BRAM, CHEN, NOW
from tests.conftest import Clock
from tests.pages import Page, words
from tests.staff import STEF, TESSA, sign_in_as
from tests.writing import insert_collecting, swing

DESK, BALLOT, HAND_IN = "/beheer/bezuidenhout/balie", "/bezuidenhout/stemmen", "/bezuidenhout/stemmen/inzending"
NEXT = f"{BALLOT}/apparaat"


@pytest.fixture
def stef(client: TestClient, db: Database, secret: bytes, process: Process) -> int:
    return sign_in_as(client, db, secret, process, STEF)


def came_in(db: Database) -> dict[str, int]:
    return dict(db.execute("SELECT channel, number FROM ballot_channels").fetchall())


def make(client: TestClient, channel: str) -> None:
    offered = [box["value"] for box in Page(client.get(DESK).text).all("input") if box.get("name") == "apparaat"]
    assert channel in offered
    assert client.post(DESK, data={"apparaat": channel}).headers["location"] in (BALLOT, f"{DESK}?gedaan=1")


@pytest.mark.parametrize(("channel", "said"), [("desk", "Aan de balie"), ("helped", "Met hulp")])
def test_who_votes_on_the_device_of_a_stemhulp_is_counted_there(
    client: TestClient, db: Database, stef: int, channel: str, said: str
) -> None:
    make(client, channel)
    assert said in words(client.get(BALLOT).text)
    client.post(HAND_IN, data=AICHA.form("bank"))
    client.post(HAND_IN, data=AICHA.form("bank"))  # again
    assert came_in(db) == {channel: 1}


def test_stef_is_signed_out_there_for_voters_get_hold_of_it(client: TestClient, db: Database, stef: int) -> None:
    make(client, "desk")
    assert client.get(DESK).status_code == 303
    assert db.execute("SELECT count(*) FROM staff_sessions").fetchone() == (0,)


def test_the_next_voter_finds_nothing_of_the_one_before(client: TestClient, db: Database, stef: int) -> None:
    make(client, "desk")
    client.post(BALLOT, data={"plan": "bank", "code": AICHA.letter, "indienen": "1"})
    assert Page(client.get(BALLOT).text).all("li")
    handed_in = client.post(HAND_IN, data=AICHA.form("bank"))
    assert "Volgende stemmer" in words(handed_in.text)
    client.post(BALLOT, data={"plan": "tuin", "code": BRAM.letter, "bewaar": "1"})  # Bram walks away
    following = client.post(NEXT)
    assert following.headers["location"] == BALLOT
    assert following.headers["clear-site-data"] == '"storage"'
    assert [name for name in client.cookies if name.startswith("concept_")] == []
    assert client.get(f"{BALLOT}/bevestiging").status_code == 303
    page = client.get(BALLOT).text
    assert "Stemcode ingevuld" not in words(page)
    assert "Aan de balie" in words(page)
    again = words(client.post(HAND_IN, data=AICHA.form("bank")).text)  # Chen goes back, and sends the form once more
    assert "Uw stem telt mee" in again
    assert AICHA.receipt[:4] not in again
    assert "Bankjes" not in again
    client.post(HAND_IN, data=CHEN.form("tuin"))
    assert came_in(db) == {"desk": 2}


def test_a_plan_that_somebody_began_there_is_gone_for_the_next(
    client: TestClient, db: Database, secret: bytes, stef: int
) -> None:
    collecting = insert_collecting(db, secret)
    new = f"/{collecting.slug}/plannen/nieuw"
    client.get(new)
    client.post(new, data={**swing(collecting), "bewaar": "1"})
    assert "Schommel in het park" in client.get(new).text
    client.post(NEXT)
    assert "Schommel in het park" not in client.get(new).text


def test_on_a_phone_of_ones_own_the_receipt_is_shown_again(client: TestClient, process: Process) -> None:
    client.post(HAND_IN, data=AICHA.form("bank"))
    assert AICHA.receipt[:4] in words(client.post(HAND_IN, data=AICHA.form("bank")).text)


def test_it_can_be_stopped_on_the_device_itself(client: TestClient, db: Database, stef: int) -> None:
    make(client, "helped")
    client.post(NEXT, data={"gewoon": "1"})
    assert "Met hulp" not in words(client.get(BALLOT).text)
    client.post(HAND_IN, data=AICHA.form("bank"))
    assert came_in(db) == {"online": 1}


def test_staff_make_it_one_like_any_other(client: TestClient, db: Database, stef: int) -> None:
    make(client, "online")
    assert "Dit is nu een gewoon apparaat" in words(client.get(f"{DESK}?gedaan=1").text)
    client.post(HAND_IN, data=AICHA.form("bank"))
    assert came_in(db) == {"online": 1}


def test_a_choice_that_is_none_is_refused(client: TestClient, stef: int) -> None:
    for data in ({}, {"apparaat": "paper"}):
        answer = client.post(DESK, data=data)
        assert answer.status_code == 422
        assert "Kies wat dit apparaat is." in words(answer.text)
        assert "apparaat=" not in answer.headers.get("set-cookie", "")


def test_after_twelve_hours_it_votes_online(client: TestClient, db: Database, stef: int, clock: Clock) -> None:
    make(client, "desk")
    clock.now = NOW + timedelta(hours=12)
    client.post(HAND_IN, data=AICHA.form("bank"))
    assert came_in(db) == {"online": 1}


def test_a_cookie_that_is_not_ours_votes_online(secret: bytes) -> None:
    good = devices.sealed(secret, 1, "desk", NOW)
    assert devices.channel_of(secret, 1, good, NOW) == "desk"
    forged = (good[:-4] + "AAAA", "desk", "é" * 40, "", devices.sealed(b"x" * 32, 1, "desk", NOW))
    for text in forged:
        assert devices.channel_of(secret, 1, text, NOW) == "online"
    assert devices.channel_of(secret, 2, good, NOW) == "online"
    assert devices.channel_of(secret, 1, devices.sealed(secret, 1, "paper", NOW), NOW) == "online"


def test_nothing_in_the_file_ties_a_ballot_to_the_device(client: TestClient, db: Database, stef: int) -> None:
    make(client, "desk")
    before = db.execute("SELECT count(*) FROM audit_log").fetchone()
    client.post(HAND_IN, data=AICHA.form("bank"))
    assert db.execute("SELECT count(*) FROM audit_log").fetchone() == before
    for table in ("ballots", "roll", "receipts"):
        assert not {row[1] for row in db.execute(f"PRAGMA table_info({table})")} & {"channel", "account_id", "device"}


def test_others_may_not(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, TESSA)
    assert client.get(DESK).status_code == client.post(DESK, data={"apparaat": "desk"}).status_code == 403


def test_an_address_typed_leads_on(client: TestClient, process: Process) -> None:
    assert client.get(NEXT).headers["location"] == BALLOT
