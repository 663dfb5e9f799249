"""The tree of areas: what lies in what, where a place lies, and what reading in a file changes."""

import json
import re
import sqlite3
from collections.abc import Callable

import pytest

from domain import area_figures, area_imports, areas, database, maps, processes, roll, submissions, versions
from domain.area_files import read
from domain.areas import Refused
from domain.database import Database, writing
from domain.processes import Process
from tests import towns
from tests.cast import NOW, insert_vote, reload
from tests.conftest import Seal
from tests.towns import BROEKDAM, BUURTEN, CENTRUM, HAVEN, IN_HAVEN, IN_KERKPLEIN, KERKPLEIN, MOLENBUURT, NOWHERE, OOST

OLGA = 1


def read_in(db: Database, data: bytes, filename: str = "", municipality: str = "") -> area_imports.Comparison:
    file = read(data, filename, municipality)
    foretold = area_imports.compare(db, file)
    with writing(db):
        made = area_imports.read_in(db, file, NOW, OLGA)
    assert made == foretold
    return made


def id_of(db: Database, code: str) -> int:
    return int(db.execute("SELECT id FROM areas WHERE code = ?", [code]).fetchone()[0])


@pytest.fixture
def town(db: Database) -> int:
    """Broekdam with its wijken and buurten, and who lives there."""
    read_in(db, towns.broekdam())
    read_in(db, towns.kwb_csv(), "kwb-2024.csv", "Broekdam")
    return id_of(db, BROEKDAM)


@pytest.fixture
def voting(db: Database, secret: bytes, town: int) -> Process:
    """A process of all of Broekdam."""
    process = insert_vote(db, secret, slug="broekdam")
    db.execute("UPDATE processes SET area_id = ? WHERE id = ?", [town, process.id])
    return reload(db, "broekdam")


def names(found: list[areas.Area]) -> list[str]:
    return [f"{'  ' * area.depth}{area.name}" for area in found]


def test_the_tree_stands_in_the_order_of_codes(db: Database, town: int) -> None:
    expected = ["Broekdam", "  Wijk 00 Centrum", "    Kerkplein", "    Haven", "  Wijk 01 Oost", "    Molenbuurt"]
    assert names(areas.tree(db)) == expected
    assert names(areas.tree(db, id_of(db, OOST))) == ["Wijk 01 Oost", "  Molenbuurt"]
    assert names(areas.path(db, id_of(db, HAVEN))) == ["Broekdam", "  Wijk 00 Centrum", "    Haven"]
    assert set(areas.below(db, town)) == {id_of(db, code) for code in (CENTRUM, OOST, KERKPLEIN, HAVEN, MOLENBUURT)}
    assert [area.name for area in areas.leaves(db, town)] == ["Kerkplein", "Haven", "Molenbuurt"]


def test_a_place_lies_in_the_smallest_area_around_it(db: Database, town: int) -> None:
    assert areas.at(db, town, *IN_HAVEN) == id_of(db, HAVEN)
    assert areas.at(db, id_of(db, CENTRUM), *IN_HAVEN) == id_of(db, HAVEN)
    assert areas.at(db, id_of(db, OOST), *IN_HAVEN) is None  # not below that one
    assert areas.at(db, id_of(db, HAVEN), *IN_HAVEN) is None
    assert areas.at(db, town, *NOWHERE) is None
    db.execute("UPDATE areas SET boundary = NULL WHERE code = ?", [HAVEN])
    assert areas.at(db, town, *IN_HAVEN) == id_of(db, CENTRUM)


def test_the_box_follows_the_boundary_whoever_sets_it(db: Database, town: int) -> None:
    box = "SELECT west, south, east, north FROM areas WHERE id = ?"
    area_id = processes.area(db, "Los gebied")
    assert db.execute(box, [area_id]).fetchone() == (None,) * 4
    db.execute(
        "UPDATE areas SET boundary = ? WHERE id = ?", ['{"type":"Polygon","coordinates":[[[4,52],[5,53]]]}', area_id]
    )
    assert db.execute(box, [area_id]).fetchone() == (4, 52, 5, 53)
    db.execute("UPDATE areas SET boundary = NULL WHERE id = ?", [area_id])
    assert db.execute(box, [area_id]).fetchone() == (None,) * 4
    assert db.execute(box, [id_of(db, KERKPLEIN)]).fetchone() == pytest.approx((4.30, 52.07, 4.31, 52.08))


def pinned(db: Database, process: Process, place: tuple[float, float]) -> int:
    plan = process.plans[0]
    version = versions.version_of(db, plan.id)
    with writing(db):
        versions.edit(db, plan.id, version, {"lat": place[0], "lon": place[1]}, NOW.replace(month=1))
    return plan.id


def area_of(db: Database, plan_id: int) -> str | None:
    query = "SELECT code FROM plans JOIN areas ON areas.id = plans.area_id WHERE plans.id = ?"
    row = db.execute(query, [plan_id]).fetchone()
    return row[0] if row else None


def test_a_plan_lies_where_its_pin_is_and_moves_with_it(db: Database, voting: Process) -> None:
    plan_id = pinned(db, voting, IN_KERKPLEIN)
    assert area_of(db, plan_id) == KERKPLEIN
    assert pinned(db, voting, IN_HAVEN) == plan_id
    assert area_of(db, plan_id) == HAVEN
    pinned(db, voting, NOWHERE)
    assert area_of(db, plan_id) is None


def test_a_plan_that_is_handed_in_lies_where_its_pin_is(db: Database, voting: Process) -> None:
    values = dict.fromkeys(versions.TEXTS, "x") | {"items": [["Hout", 500]], "cost": 500, "photo": "", "themes": []}
    with writing(db):
        plan_id = submissions.insert(db, voting, values | {"lat": IN_HAVEN[0], "lon": IN_HAVEN[1]}, NOW)
    assert area_of(db, plan_id) == HAVEN


def test_after_an_import_plans_are_placed_anew_but_not_what_was_published(
    db: Database, voting: Process, seal: Seal
) -> None:
    plan_id = pinned(db, voting, IN_KERKPLEIN)
    db.execute("UPDATE plans SET area_id = NULL WHERE id = ?", [plan_id])
    assert areas.place_plans(db, areas.plans_with_a_pin(db)) == 1
    assert areas.place_plans(db, areas.plans_with_a_pin(db)) == 0
    assert area_of(db, plan_id) == KERKPLEIN
    db.execute("UPDATE plans SET area_id = NULL WHERE id = ?", [plan_id])
    seal(voting)
    assert areas.plans_with_a_pin(db) == []
    areas.place_plan(db, plan_id)
    assert area_of(db, plan_id) is None


def test_plans_of_a_process_whose_areas_have_budgets_stay_where_they_were_given(db: Database, voting: Process) -> None:
    db.execute("INSERT INTO area_budgets VALUES (?, ?, 100)", [voting.id, id_of(db, OOST)])
    assert area_of(db, pinned(db, voting, IN_KERKPLEIN)) is None


def test_reading_the_same_file_twice_changes_nothing(db: Database, town: int) -> None:
    before = db.execute("SELECT number FROM revision").fetchone()
    again = read_in(db, towns.broekdam())
    assert {change.kind for change in again.changes} == {"same"}
    assert {change.kind for change in read_in(db, towns.kwb_csv(), "kwb-2024.csv", "Broekdam").changes} == {"same"}
    assert db.execute("SELECT number FROM revision").fetchone() == before


def test_buurten_alone_make_the_wijken_they_lie_in_and_a_later_file_names_them(db: Database) -> None:
    read_in(db, towns.collection(*BUURTEN))
    assert names(areas.tree(db))[:2] == ["Broekdam", "  Wijk 00"]
    made = read_in(db, towns.collection(towns.wijk(CENTRUM, 0, 2)))
    assert [(change.name, change.what) for change in made.of("changed")] == [("Wijk 00 Centrum", ("name", "boundary"))]
    assert [code for _, code in made.absent] == [OOST]


def test_areas_that_are_here_already_get_their_code_by_their_name(db: Database, secret: bytes) -> None:
    process = insert_vote(db, secret, slug="haven")  # Den Haag > Haven
    root = processes.area(db, "Den Haag")
    country = towns.collection(
        *(towns.buurt(code, column, gemeentenaam="'s-Gravenhage") for column, code in enumerate((KERKPLEIN, HAVEN)))
    )
    made = read_in(db, country)
    assert id_of(db, BROEKDAM) == root
    assert db.execute("SELECT name FROM areas WHERE id = ?", [root]).fetchone()[0] == "Den Haag"
    assert areas.of_process(db, process.id) == id_of(db, HAVEN)
    assert {change.name: change.what for change in made.of("changed")} == {
        "Den Haag": ("code", "level"),
        "Haven": ("code", "level", "parent", "boundary"),
    }
    assert names(areas.path(db, id_of(db, HAVEN))) == ["Den Haag", "  Wijk 00", "    Haven"]
    assert not read_in(db, country).of("changed")


def test_a_wijk_that_was_laid_in_a_stadsdeel_stays_there(db: Database, town: int) -> None:
    with writing(db):
        district = areas.add(db, town, "Stadsdeel Noord", "district", "", NOW, OLGA)
        areas.move(db, id_of(db, OOST), district, NOW, OLGA)
    assert not read_in(db, towns.broekdam()).of("changed")
    assert names(areas.path(db, id_of(db, MOLENBUURT)))[1] == "  Stadsdeel Noord"


def test_two_buurten_of_one_name_in_a_wijk_both_come_in(db: Database) -> None:
    twins = (towns.buurt(code, column, buurtnaam="Verspreid") for column, code in enumerate((KERKPLEIN, HAVEN)))
    read_in(db, towns.collection(*twins))
    assert names(areas.tree(db))[-2:] == ["    Verspreid", f"    Verspreid ({HAVEN})"]


def test_figures_are_of_areas_that_are_here_and_say_which_are_not(db: Database) -> None:
    read_in(db, towns.collection(BUURTEN[0]))
    made = read_in(db, towns.kwb_csv(), "kwb-2024.csv", "Broekdam")
    assert made.unknown == (HAVEN, MOLENBUURT, OOST)
    assert {change.found.code for change in made.of("changed")} == {BROEKDAM, CENTRUM, KERKPLEIN}


def test_what_an_area_lacks_is_the_sum_of_what_lies_in_it(db: Database, town: int) -> None:
    assert area_figures.of_area(db, town)["inhabitants"] == area_figures.Known(2_150, 2024)
    centrum = id_of(db, CENTRUM)
    db.execute("DELETE FROM area_figures WHERE area_id = ?", [centrum])
    found = area_figures.of_area(db, centrum)
    assert found["inhabitants"].value == 900 + 500
    assert "income_mean" not in found  # of means there is no sum
    db.execute("DELETE FROM area_figures WHERE area_id = ? AND figure = 'age_65'", [id_of(db, HAVEN)])
    assert "age_65" not in area_figures.of_area(db, centrum)


def refused(verb: Callable[..., object], db: Database, *arguments: object) -> str:
    with pytest.raises(Refused) as error, writing(db):
        verb(db, *arguments, NOW, OLGA)
    return error.value.kind


def test_only_what_nothing_uses_goes(db: Database, secret: bytes, voting: Process, town: int) -> None:
    haven, oost, molen = (id_of(db, code) for code in (HAVEN, OOST, MOLENBUURT))
    with writing(db):
        roll.issue(db, secret, voting.id, 2, haven)
    assert areas.uses(db, haven) == ["codes"]
    assert areas.uses(db, town) == ["process"]
    assert refused(areas.remove, db, haven) == "in_use"
    assert refused(areas.remove, db, oost) == "has_areas"
    assert refused(areas.remove, db, 999) == "gone"
    with writing(db):
        areas.remove(db, molen, NOW, OLGA)
        areas.remove(db, oost, NOW, OLGA)
    assert names(areas.tree(db, town)) == ["Broekdam", "  Wijk 00 Centrum", "    Kerkplein", "    Haven"]


def test_every_table_that_names_an_area_is_a_use_of_it(db: Database) -> None:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    naming = {table for table in tables for key in db.execute(f"PRAGMA foreign_key_list({table})") if key[2] == "areas"}
    assert naming - {"areas", "area_figures"} == {query.split()[3] for query in areas.USES.values()}


def test_an_area_goes_where_it_fits_and_takes_nothing_from_a_process(db: Database, secret: bytes, town: int) -> None:
    haven, kerkplein, centrum, oost = (id_of(db, code) for code in (HAVEN, KERKPLEIN, CENTRUM, OOST))
    assert refused(areas.move, db, centrum, haven) == "into_itself"
    assert refused(areas.move, db, centrum, oost) == "wrong_level"
    assert refused(areas.rename, db, haven, "Kerkplein") == "name_taken"
    assert refused(areas.add, db, centrum, "Haven", "buurt", "") == "name_taken"
    assert refused(areas.add, db, centrum, "Nog een", "buurt", HAVEN) == "code_taken"
    assert refused(areas.add, db, haven, "Nog een", "wijk", "") == "wrong_level"
    process = insert_vote(db, secret, slug="centrum")
    db.execute("UPDATE processes SET area_id = ? WHERE id = ?", [centrum, process.id])
    with writing(db):
        roll.issue(db, secret, process.id, 1, haven)
    assert refused(areas.move, db, haven, oost) == "leaves_process"
    with writing(db):
        areas.move(db, kerkplein, oost, NOW, OLGA)
        areas.rename(db, haven, "Oude Haven", NOW, OLGA)
    expected = ["Broekdam", "  Wijk 00 Centrum", "    Oude Haven", "  Wijk 01 Oost", "    Kerkplein", "    Molenbuurt"]
    assert names(areas.tree(db, town)) == expected


def test_an_import_is_all_or_nothing(db: Database) -> None:
    file = read(towns.broekdam())
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON areas WHEN new.name = 'Haven' BEGIN SELECT raise(ABORT, 'vol'); END"
    )
    with pytest.raises(sqlite3.IntegrityError), writing(db):
        area_imports.read_in(db, file, NOW, OLGA)
    assert areas.tree(db) == []


def test_a_drawing_shows_the_smallest_areas_beside_one_another(db: Database, town: int) -> None:
    drawing = areas.drawing(db, town)
    assert drawing is not None
    assert set(drawing.paths) == {id_of(db, code) for code in (KERKPLEIN, HAVEN, MOLENBUURT)}
    alone = areas.drawing(db, id_of(db, HAVEN))
    assert alone is not None
    assert set(alone.paths) == {id_of(db, HAVEN)}
    assert areas.drawing(db, database.insert(db, "areas", {"name": "Zonder"})) is None
    assert maps.contains(db.execute("SELECT boundary FROM areas WHERE code = ?", [HAVEN]).fetchone()[0], *IN_HAVEN)


def corners(path: str) -> set[tuple[int, int]]:
    """Of a path as it is drawn: a corner in whole units, then how far each next one lies from the one before."""
    assert re.fullmatch(r"(M\d+ \d+l[-0-9 ]+z)+", path)
    (x, y), *steps = pairs(path.strip("Mz").split("l", 1))
    found = {(x, y)}
    for dx, dy in steps:
        x, y = x + dx, y + dy
        found.add((x, y))
    return found


def pairs(parts: list[str]) -> list[tuple[int, int]]:
    numbers = [int(number) for part in parts for number in re.findall(r"-?\d+", part)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_neighbours_are_drawn_without_a_gap(db: Database, town: int) -> None:
    drawing = areas.drawing(db, town)
    assert drawing is not None
    kerkplein, haven, molenbuurt = (corners(drawing.paths[id_of(db, code)]) for code in (KERKPLEIN, HAVEN, MOLENBUURT))
    assert len(kerkplein) == len(haven) == 4
    assert len(kerkplein & haven) == len(haven & molenbuurt) == 2
    left, right = min(haven)[0], max(haven)[0]
    assert drawing.middles[id_of(db, HAVEN)][0] == pytest.approx((left + right) / 2, abs=1)
    assert drawing.middles[id_of(db, HAVEN)][2] == right - left


def test_hundreds_of_areas_with_hundreds_of_points_are_drawn_in_some_kilobytes(db: Database) -> None:
    read_in(db, towns.large_town(points=300))
    drawing = areas.drawing(db, id_of(db, towns.LARGE_TOWN))
    assert drawing is not None
    assert len(drawing.paths) == towns.WIJKEN * towns.EACH
    assert sum(map(len, drawing.paths.values())) < 60_000
    assert all(len(corners(path)) > 8 for path in drawing.paths.values())  # still round


def test_an_area_too_small_to_draw_is_a_dot(db: Database, town: int) -> None:
    speck = towns.square(0) | {"coordinates": [[[[4.3, 52.07], [4.30001, 52.07], [4.30001, 52.07001], [4.3, 52.07]]]]}
    db.execute("UPDATE areas SET boundary = ? WHERE code = ?", [json.dumps(speck), KERKPLEIN])
    drawing = areas.drawing(db, town)
    assert drawing is not None
    assert re.fullmatch(r"M\d+ \d+(l[-0-9 ]+)?z", drawing.paths[id_of(db, KERKPLEIN)])
