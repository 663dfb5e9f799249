"""Buurten beside who lives there: CBS's figures of the buurt, and what came from it."""

from datetime import timedelta

import pytest
from litestar.testing import TestClient

from domain import area_figures, inhabitants, representation
from domain.database import Database, writing
from domain.inhabitants import Beside
from domain.processes import Process
from tests.cast import NOW, insert_vote, reload
from tests.pages import words
from tests.staff import sign_in
from tests.watched import insert_buurten, insert_codes, make_figures, vote_many

WATCH = "/beheer/bezuidenhout/opkomst"
DAY = timedelta(days=1)


@pytest.fixture
def buurten(db: Database, secret: bytes) -> dict[str, int]:
    """Oost, West, Midden and Haven, of a thousand inhabitants each; of Oost more is known."""
    process = insert_vote(db, secret)
    ids = insert_buurten(db, process)
    with writing(db):
        for id_ in ids.values():
            area_figures.keep(db, id_, {"inhabitants": 1_000.0}, 2025)
        more = {"background_none": 400.0, "background_other": 350.0, "income_mean": 24_300.0}
        area_figures.keep(db, ids["Oost"], more, 2025)
    return ids


def support(db: Database, process: Process, ids: dict[str, int], **numbers: int) -> None:
    """That many more supports of a plan in each."""
    with writing(db):
        for plan, (name, number) in zip(process.all_plans, numbers.items(), strict=False):
            db.execute("UPDATE plans SET area_id = ? WHERE id = ?", [ids[name], plan.id])
            rows = [(plan.id,)] * number
            db.conn.executemany("INSERT INTO supports (plan_id, given_on) VALUES (?, '2026-05-01')", rows)


def seen(db: Database) -> Beside:
    process = reload(db)
    return inhabitants.beside(db, process, representation.watch(db, process))


def test_votes_stand_beside_who_lives_there(db: Database, buurten: dict[str, int]) -> None:
    process = reload(db)
    for name, number in (("Oost", 128), ("West", 67), ("Midden", 85), ("Haven", 4)):
        insert_codes(db, process, buurten[name], 400)
        vote_many(db, process, buurten[name], number)
    make_figures(db, process, NOW)
    places = {place.area.name: place for place in seen(db).places}
    assert (places["West"].rows["votes"].figure, places["West"].rows["votes"].share) == (60, 6.0)
    assert places["Haven"].rows["votes"].figure is None
    assert places["Oost"].per_hundred("background_other") == 35.0
    assert places["West"].per_hundred("background_other") is None
    assert seen(db).figures == ["background_none", "background_other", "income_mean"]


def test_plans_of_a_buurt_that_get_little_support_are_behind_with_since_when(
    db: Database, buurten: dict[str, int]
) -> None:
    process = reload(db)
    support(db, process, buurten, Oost=40, West=40, Midden=40, Haven=40)
    make_figures(db, process, NOW)
    for day in (1, 2):
        support(db, process, buurten, Oost=90, West=95, Midden=95, Haven=1)
        make_figures(db, process, NOW + day * DAY)
    rows = {place.area.name: place.rows["supports"] for place in seen(db).places}
    assert {name: row.verdict for name, row in rows.items() if row.behind} == {"Haven": "behind"}
    assert rows["Haven"].since == "2026-05-13"
    assert seen(db).measures == ["supports"]


def test_a_buurt_without_inhabitants_is_left_out(db: Database, buurten: dict[str, int]) -> None:
    with writing(db):
        area_figures.keep(db, buurten["Haven"], {"inhabitants": 0.0}, 2025)
    assert [place.area.name for place in seen(db).places] == ["Midden", "Oost", "West"]


def test_the_page_says_that_it_is_about_the_buurt_and_not_about_voters(
    client: TestClient, db: Database, secret: bytes, buurten: dict[str, int]
) -> None:
    process = reload(db)
    support(db, process, buurten, Oost=130, West=95, Midden=95, Haven=41)
    make_figures(db, process, NOW)
    sign_in(client, db, secret, process, "beheerder")
    said = words(client.get(WATCH).text)
    assert "Ze gaan over de buurt, niet over wie meededen." in said
    assert "cijfers van het CBS uit 2025" in said
    assert "€ 24.300" in said
    assert "35" in said
    assert "Naast wie er wonen" not in words(client.get("/bezuidenhout/opkomst").text)
