"""The schema: made in steps, all or nothing, with the invariants in it."""

import sqlite3

import pytest

from domain import processes
from domain.database import DEMO, OURS, connect, is_demo, writing
from domain.migrations import PUBLIC_TABLES, NewerDatabase, migrate, migrations
from routes.site import Site
from tests.cast import AICHA


def test_a_second_time_there_is_nothing_to_do(db):
    assert migrate(db) == []


def test_a_new_file_takes_every_step_and_is_marked_as_ours(tmp_path):
    db = connect(tmp_path / "new.db")
    assert migrate(db) == [migration.name for migration in migrations._migrations]
    assert db.execute("PRAGMA application_id").fetchone() == (OURS,)
    db.close()


def test_a_demo_stays_a_demo(tmp_path):
    db = connect(tmp_path / "demo.db")
    migrate(db, demo=True)
    migrate(db)
    assert is_demo(db)
    assert db.execute("PRAGMA application_id").fetchone() == (DEMO,)
    db.close()


def test_a_newer_database_stops_the_start_and_is_left_alone(db, settings):
    db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('wijkbudget', 'video_calls')")
    before = list(db.conn.iterdump())
    with pytest.raises(NewerDatabase, match=r"newer version of wijkbudget .*video_calls"):
        Site(settings)
    assert list(db.conn.iterdump()) == before


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path, monkeypatch):
    def fails(db):
        db.execute("CREATE TABLE half (a)")
        raise ZeroDivisionError

    step = type(migrations._migrations[0])("fails", fails)
    monkeypatch.setattr(migrations, "_migrations", [*migrations._migrations, step])
    db = connect(tmp_path / "new.db")
    with pytest.raises(ZeroDivisionError):
        migrate(db)
    assert db.execute("SELECT count(*) FROM sqlite_master WHERE name IN ('half', 'ballots')").fetchone() == (0,)
    db.close()


def test_every_table_is_strict(db):
    ours = db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
    assert [name for name, strict in ours if not strict and "sqlite_" not in name] == []


@pytest.mark.parametrize("table", ["roll", "ballots", "receipts"])
def test_roll_ballots_and_receipts_have_no_row_number_that_counts_up(db, table):
    (without_rowid,) = db.execute("SELECT wr FROM pragma_table_list WHERE name = ?", [table]).fetchone()
    assert without_rowid


@pytest.mark.parametrize("table", ["roll", "ballots", "receipts"])
def test_nothing_joins_roll_ballots_and_receipts(db, table):
    """They refer to their process (and the roll to an area) and never to each other; none holds a time."""
    referred = {row["table"] for row in db.query(f"PRAGMA foreign_key_list({table})")}
    assert referred <= {"processes", "areas"}
    columns = {row["name"] for row in db.query(f"PRAGMA table_info({table})")}
    allowed = {
        "roll": {"process_id", "key", "area_id", "used_on"},
        "ballots": {"process_id", "key", "vote", "points"},
        "receipts": {"process_id", "hash"},
    }
    assert columns == allowed[table]


BROKEN = {
    "a budget of nothing": "UPDATE processes SET budget = 0",
    "knapsack without a limit": "UPDATE processes SET max_sum_cost = NULL",
    "an unknown voting method": "UPDATE processes SET voting_method = 'dice'",
    "most below least": "UPDATE processes SET min_length = 3, max_length = 2",
    "options that are no JSON": "UPDATE processes SET rule_options = '{'",
    "a slug with a slash": "UPDATE processes SET slug = 'a/b'",
    "a slug twice": "UPDATE processes SET slug = 'zelfde'",
    "a phase that closes before it opens": "UPDATE phases SET closes_at = opens_at",
    "a plan without a title": "UPDATE plans SET title = ''",
    "a plan that costs less than nothing": "UPDATE plans SET cost = -1",
    "a plan twice": "UPDATE plans SET project_id = 'zelfde'",
    "a plan of no process": "UPDATE plans SET process_id = 99",
    "a theme of no process": "UPDATE themes SET process_id = 99",
    "a code used at a time": "UPDATE roll SET used_on = '2026-05-12T10:00:00Z'",
    "a short key": "UPDATE roll SET key = x'00'",
    "a vote with a name in it": "UPDATE ballots SET vote = 'Aïcha'",
    "a ballot of no process": "UPDATE ballots SET process_id = 99",
    "a receipt that is no hash": "UPDATE receipts SET hash = x'00'",
    "a deleted process": "DELETE FROM processes",
    "a deleted plan": "DELETE FROM plans",
    "half a cent": "UPDATE plans SET cost = 0.5",
}


@pytest.mark.parametrize("statement", BROKEN.values(), ids=BROKEN)
def test_the_schema_refuses(db, process, hand_in, statement):
    hand_in(process, AICHA, "bank")
    with pytest.raises(sqlite3.IntegrityError), writing(db):
        db.execute(statement)


@pytest.mark.parametrize("table", PUBLIC_TABLES)
def test_every_change_to_what_is_public_makes_a_new_revision(db, process, table):
    """The cached pages of before it are stale then; also when a row goes."""
    db.execute("PRAGMA foreign_keys = OFF")
    before = processes.revision(db)
    fill = "photos (key, width, data) VALUES ('foto', 320, x'00')"
    if table == "photos":
        db.execute(f"INSERT INTO {fill}")
    elif table == "exclusive_pairs":
        db.execute("INSERT INTO exclusive_pairs (plan_id, other_id) VALUES (1, 2)")
    elif table == "area_budgets":
        db.execute("INSERT INTO area_budgets (process_id, area_id, budget) VALUES (1, 1, 1)")
    else:
        (column,) = db.execute("SELECT name FROM pragma_table_info(?) LIMIT 1", [table]).fetchone()
        db.execute(f"UPDATE {table} SET {column} = {column}")
    changed = processes.revision(db)
    db.execute(f"DELETE FROM {table}")
    assert before < changed < processes.revision(db)


def test_a_hand_in_makes_no_new_revision(db, process, hand_in):
    """Otherwise every ballot would throw every page away."""
    before = processes.revision(db)
    hand_in(process, AICHA, "bank")
    assert processes.revision(db) == before
