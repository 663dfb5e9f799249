"""How it goes with a plan that won: written by staff, read by everyone, mailed to who follows it."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import follows, progress, residents
from domain.database import Database, writing
from domain.moderation import Refused
from domain.processes import Process
from tests.cast import AFTER, AICHA, BEZUIDENHOUT, crowd, insert_vote
from tests.conftest import Clock, HandIn, Seal
from tests.pages import words
from tests.staff import MO, NINA, TESSA, StaffMember, account, sign_in, sign_in_as, sign_out

TWENTY = (*BEZUIDENHOUT, *crowd(14))
BENCHES = "De bankjes zijn besteld. <b>Mooi</b>"


@pytest.fixture
def counted(db: Database, secret: bytes, hand_in: HandIn, seal: Seal, clock: Clock, elsewhere: Process) -> Process:
    """The benches won, the bicycles did not."""
    process = insert_vote(db, secret, residents=TWENTY)
    for resident in TWENTY[:10]:
        hand_in(process, resident, "bank", "tap", "feest")
    clock.now = AFTER
    return seal(process)


def signed_in(client: TestClient, db: Database, secret: bytes, process: Process, who: StaffMember) -> None:
    sign_in(client, db, secret, process, who.role, who.name, AFTER)


def path_of(process: Process, project_id: str = "bank") -> str:
    return f"/beheer/{process.slug}/plannen/{process.by_project_id[project_id].id}/voortgang"


def test_what_staff_write_stands_on_the_plan_with_its_day(
    client: TestClient, db: Database, secret: bytes, counted: Process
) -> None:
    bench = counted.by_project_id["bank"]
    assert "Hoe het gaat met dit plan" not in words(client.get(bench.url).text)
    signed_in(client, db, secret, counted, MO)
    assert "Schrijf hoe het gaat" in words(client.get(f"/beheer/{counted.slug}/plannen/{bench.id}").text)
    answer = client.post(path_of(counted), data={"text": BENCHES, "day": "2026-11-03"})
    assert answer.status_code == 303
    assert "Wie het plan volgt, krijgt een mail." in words(client.get(answer.headers["location"]).text)
    sign_out(client)
    page = client.get(bench.url).text
    assert "Hoe het gaat met dit plan 3 november 2026 De bankjes zijn besteld." in words(page)
    assert "<b>Mooi</b>" not in page


def test_only_a_plan_that_won_leads_to_writing_about_it(
    client: TestClient, db: Database, secret: bytes, counted: Process
) -> None:
    signed_in(client, db, secret, counted, MO)
    led = {}
    for plan in counted.on_ballot:
        here = f"/beheer/{counted.slug}/plannen/{plan.id}"
        led[plan.id] = f"{here}/voortgang" in client.get(here).text
        assert led[plan.id] == (client.get(f"{here}/voortgang").status_code == 200)
    assert set(led.values()) == {True, False}


def test_followers_hear_of_it_with_the_day(db: Database, secret: bytes, counted: Process) -> None:
    bench = counted.by_project_id["bank"].id
    with writing(db):
        follower = residents.arrived(db, b"k" * 16, "nl", AFTER)
        db.execute("UPDATE residents SET email = ? WHERE id = ?", [AICHA.email, follower])
        db.execute(
            "INSERT INTO follows (process_id, plan_id, resident_id, frequency) VALUES (?, ?, ?, 'at_once')",
            [counted.id, bench, follower],
        )
        day = progress.typed(BENCHES, "3-11-2026")[1]
        progress.tell(db, counted, bench, {bench}, BENCHES, day, AFTER, account(db, "Mo"))
        follows.send_news(db, secret, [counted], AFTER + timedelta(hours=1))
    (item,) = db.execute(
        "SELECT value ->> 'kind', value ->> 'day', value ->> 'text' FROM outbox, json_each(content, '$.items') "
        "WHERE outbox.kind = 'news' AND value ->> 'kind' = 'progress'"
    ).fetchall()
    assert item == ("progress", "2026-11-03", BENCHES)


def test_a_double_click_is_one_note(client: TestClient, db: Database, secret: bytes, counted: Process) -> None:
    signed_in(client, db, secret, counted, MO)
    for _ in range(2):
        assert client.post(path_of(counted), data={"text": BENCHES, "day": ""}).status_code == 303
    assert len(progress.of_plan(db, counted.by_project_id["bank"].id)) == 1


def test_what_is_not_right_comes_back_as_it_was_typed(
    client: TestClient, db: Database, secret: bytes, counted: Process
) -> None:
    signed_in(client, db, secret, counted, MO)
    page = client.post(path_of(counted), data={"text": "Bijna klaar", "day": "morgen"})
    assert page.status_code == 422
    assert "Bijna klaar" in page.text
    assert 'value="morgen"' in page.text
    assert client.post(path_of(counted), data={"text": " ", "day": ""}).status_code == 422
    assert progress.of_plan(db, counted.by_project_id["bank"].id) == []


def test_of_a_plan_that_did_not_win_there_is_nothing_to_tell(
    client: TestClient, db: Database, secret: bytes, counted: Process
) -> None:
    signed_in(client, db, secret, counted, MO)
    for answer in (client.get(path_of(counted, "fiets")), client.post(path_of(counted, "fiets"), data={"text": "x"})):
        assert answer.status_code == 409
        assert "heeft (nog) niet gewonnen" in words(answer.text)


def test_before_the_result_nothing_won(client: TestClient, db: Database, secret: bytes, process: Process) -> None:
    sign_in_as(client, db, secret, process, MO)
    assert client.post(path_of(process), data={"text": "x"}).status_code == 409


def test_a_plan_that_was_hidden_meanwhile_gets_no_note(db: Database, counted: Process) -> None:
    bench = counted.by_project_id["bank"].id
    with writing(db):
        db.execute("UPDATE plans SET status = 'hidden' WHERE id = ?", [bench])
        with pytest.raises(Refused, match="hidden"):
            progress.tell(db, counted, bench, {bench}, BENCHES, None, AFTER, account(db, "Mo"))


def test_who_may_not_may_not(
    client: TestClient, db: Database, secret: bytes, counted: Process, elsewhere: Process
) -> None:
    for process, who in ((counted, TESSA), (elsewhere, NINA)):
        signed_in(client, db, secret, process, who)
        assert client.post(path_of(counted), data={"text": "x"}).status_code == 403
