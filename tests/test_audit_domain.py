"""The audit log as a chain: what was changed, taken out, put in or moved shows."""

import pytest

from domain import audit
from domain.audit import Checked
from domain.database import Database, writing
from tests.cast import NOW


@pytest.fixture
def log(db: Database) -> Database:
    """Ten things that were done."""
    with writing(db):
        for number in range(1, 11):
            audit.record(db, number, None, "plan_hidden", f"plan {number}", NOW, version=number)
    return db


def with_the_triggers_gone(db: Database, *statements: str) -> None:
    """Somebody with the file in their hands."""
    with writing(db):
        db.execute("DROP TRIGGER audit_log_stays")
        db.execute("DROP TRIGGER audit_log_stays_whole")
        for statement in statements:
            db.execute(statement)


def head_at(db: Database, number: int) -> bytes:
    return bytes(db.execute("SELECT hash FROM audit_log WHERE id = ?", [number]).fetchone()[0])


def test_an_empty_log_is_whole(db: Database) -> None:
    assert audit.check(db) == Checked(0, "00" * 32, None)


def test_a_log_is_whole_and_its_head_is_the_last_hash(log: Database) -> None:
    checked = audit.check(log)
    assert checked == Checked(10, head_at(log, 10).hex(), None)
    assert checked.whole


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET account_id = 99", "DELETE FROM audit_log", "UPDATE audit_log SET id = id + 1"]
)
def test_the_database_refuses_to_change_the_log(log: Database, statement: str) -> None:
    with pytest.raises(Exception, match="only appended"), writing(log):
        log.execute(statement)
    assert audit.check(log).whole


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [
        ("UPDATE audit_log SET account_id = 99 WHERE id = 4", 4),
        ("UPDATE audit_log SET at = '2020-01-01T00:00:00Z' WHERE id = 1", 1),
        ("UPDATE audit_log SET process_id = 1 WHERE id = 10", 10),
        ("UPDATE audit_log SET action = 'plan_shown' WHERE id = 7", 7),
        ("UPDATE audit_log SET subject = 'plan 8' WHERE id = 7", 7),
        ("""UPDATE audit_log SET detail = '{"version": 2}' WHERE id = 2""", 2),
        ("UPDATE audit_log SET hash = zeroblob(32) WHERE id = 3", 3),
        ("DELETE FROM audit_log WHERE id = 1", 2),
        ("DELETE FROM audit_log WHERE id = 5", 6),
        (
            "INSERT INTO audit_log SELECT 11, at, 3, process_id, action, subject, detail, hash FROM audit_log LIMIT 1",
            11,
        ),
    ],
)
def test_what_was_tampered_with_is_found(log: Database, statement: str, broken_at: int) -> None:
    with_the_triggers_gone(log, statement)
    checked = audit.check(log)
    assert checked.broken_at == broken_at
    assert not checked.whole


def test_rows_that_changed_places_are_found(log: Database) -> None:
    with_the_triggers_gone(
        log,
        "UPDATE audit_log SET id = 100 WHERE id = 4",
        "UPDATE audit_log SET id = 4 WHERE id = 5",
        "UPDATE audit_log SET id = 5 WHERE id = 100",
    )
    assert audit.check(log).broken_at == 4


def test_a_gap_closed_by_new_numbers_is_found(log: Database) -> None:
    with_the_triggers_gone(log, "DELETE FROM audit_log WHERE id = 5", "UPDATE audit_log SET id = id - 1 WHERE id > 5")
    assert audit.check(log).broken_at == 5


def test_an_end_that_was_cut_off_shows_by_an_earlier_head(log: Database) -> None:
    head = head_at(log, 10)
    with_the_triggers_gone(log, "DELETE FROM audit_log WHERE id > 8")
    assert audit.check(log).whole  # nothing in the file tells
    assert not audit.check(log, head).whole
    assert audit.check(log, head_at(log, 8)).whole


def test_a_chain_made_anew_shows_by_an_earlier_head(log: Database) -> None:
    head = head_at(log, 6)
    with_the_triggers_gone(log, "DELETE FROM audit_log WHERE id > 2")
    with writing(log):
        for number in range(3, 12):
            audit.record(log, number, None, "plan_shown", f"plan {number}", NOW)
    assert audit.check(log).whole
    assert not audit.check(log, head).whole


def test_an_earlier_head_stays_in_the_log(log: Database) -> None:
    head = head_at(log, 10)
    with writing(log):
        audit.record(log, 1, None, "plan_hidden", "plan 11", NOW)
    assert audit.check(log, head).whole


@pytest.mark.parametrize(
    "personal",
    [
        {"email": "tessa@gemeente.example"},
        {"reason": "Te duur, zei mevrouw Jansen (81)."},
        {"names": ["Tessa\nJansen"]},
        {"before": {"é": 1}},
        {"text": "x" * 61},
    ],
)
def test_what_could_be_personal_stays_out(db: Database, personal: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not for the audit log"), writing(db):
        audit.record(db, 1, None, "plan_hidden", "plan 1", NOW, **personal)
    assert audit.check(db).rows == 0


def test_a_row_that_is_undone_leaves_the_chain_whole(log: Database) -> None:
    with pytest.raises(ValueError, match="not for"), writing(log):
        record_two(log, "mail@example.org")
    assert audit.check(log).rows == 10
    with writing(log):
        audit.record(log, 1, None, "plan_hidden", "plan 1", NOW)
    assert audit.check(log) == Checked(11, head_at(log, 11).hex(), None)


def record_two(db: Database, second: str) -> None:
    audit.record(db, 1, None, "plan_hidden", "plan 1", NOW)
    audit.record(db, 1, None, "plan_hidden", second, NOW)
