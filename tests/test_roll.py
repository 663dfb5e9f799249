"""The roll: which codes exist and which are used. Never how."""

import sqlite3
from dataclasses import replace

import pytest

from domain import database, processes, roll
from domain.ballots import ballot_key
from domain.database import writing
from domain.roll import Turnout
from tests.cast import AICHA, BEZUIDENHOUT, BRAM, CHEN, NOW, WILLEM, YVONNE, insert_roll


def test_a_code_is_known_in_its_own_process_only(db, secret, process, elsewhere):
    assert roll.used(db, secret, process.id, AICHA.code) is False
    assert roll.used(db, secret, elsewhere.id, WILLEM.code) is False
    assert roll.used(db, secret, process.id, WILLEM.code) is None
    assert roll.used(db, secret, process.id, YVONNE.code) is None


def test_issued_codes_are_on_the_roll_and_differ(db, secret, process):
    drawn = roll.issue(db, secret, process.id, 500)
    assert len(set(drawn)) == 500
    assert all(roll.used(db, secret, process.id, code) is False for code in drawn)


def test_no_code_stands_in_the_file(db, secret, process, settings):
    drawn = roll.issue(db, secret, process.id, 100)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = settings.db.read_bytes()
    assert roll.key(secret, process.id, drawn[0]) in data
    for code in (*drawn, *(resident.code for resident in BEZUIDENHOUT)):
        assert code.encode() not in data


def test_the_schema_refuses_the_same_code_twice(db, secret, process):
    with pytest.raises(sqlite3.IntegrityError), writing(db):
        insert_roll(db, secret, process.id, (CHEN, CHEN))


def test_a_batch_of_codes_is_all_or_nothing(db, secret, process, monkeypatch):
    monkeypatch.setattr(roll.codes, "draw", lambda length: BRAM.code)
    with pytest.raises(sqlite3.IntegrityError), writing(db):
        roll.issue(db, secret, process.id, 3)
    assert roll.turnout(db, process.id) == Turnout(issued=len(BEZUIDENHOUT), used=0)


def test_turnout_counts_used_of_issued(db, process, hand_in):
    hand_in(process, AICHA, "bank")
    hand_in(process, BRAM)
    assert roll.turnout(db, process.id) == Turnout(issued=len(BEZUIDENHOUT), used=2)


def test_the_roll_knows_the_day_in_the_netherlands_and_no_more(db, process, hand_in):
    hand_in(process, AICHA, now=NOW.replace(hour=22, minute=30))  # half past midnight in Den Haag
    days = db.execute("SELECT DISTINCT used_on FROM roll WHERE used_on IS NOT NULL").fetchall()
    assert days == [("2026-05-13",)]


def test_how_many_codes_each_area_got_is_known(db, secret, process):
    parent = processes.area(db, "Den Haag")
    ids = [database.insert(db, "areas", {"name": name, "parent_id": parent}) for name in ("Oost", "Midden")]
    for area_id, number in zip(ids, (3, 2), strict=True):
        roll.issue(db, secret, process.id, number, area_id)
    assert roll.issued_by_area(db, process.id) == {None: len(BEZUIDENHOUT), ids[0]: 3, ids[1]: 2}


def test_the_same_code_has_another_key_in_every_process_and_on_its_ballot(secret, process, elsewhere):
    """So who sees two rolls can't tell that a code stands on both, nor which ballot came with it."""
    keys = {roll.key(secret, one.id, AICHA.code) for one in (process, elsewhere)}
    keys.add(ballot_key(secret, replace(process, change_allowed=True), AICHA.code))
    assert len(keys) == 3
