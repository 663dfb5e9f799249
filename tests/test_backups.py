"""Backup and restore: a copy is whole, and a restore that fails leaves what was there."""

import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import secret_path
from domain import ballots, receipts, roll
from domain import secret as secrets_
from domain.backups import Refused, backup, restore
from domain.database import connect, insert
from domain.migrations import NewerDatabase
from domain.processes import Process
from domain.secret import SecretError
from tests.cast import AICHA, BRAM, NOW, YVONNE, crowd, insert_vote
from tests.desk import Desk

ROOT = Path(__file__).parents[1]


@pytest.fixture
def copy(db, process, hand_in, tmp_path) -> Path:
    """A backup from when only Aïcha had voted. Bram voted since."""
    hand_in(process, AICHA, "bank")
    backup(db, tmp_path / "kopie.db")
    hand_in(process, BRAM, "tuin")
    return tmp_path / "kopie.db"


def contents(path: Path) -> list[str]:
    db = connect(path, readonly=True)
    everything = list(db.conn.iterdump())
    db.close()
    return everything


def numbers(path: Path, process: Process) -> set[int]:
    db = connect(path, readonly=True)
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    found = {
        ballots.number(db, process.id),
        roll.turnout(db, process.id).used,
        len(receipts.published(db, process.id)),
    }
    db.close()
    return found


# ── backup ──


def test_a_backup_holds_what_was_there_and_only_the_owner_may_read_it(copy, process):
    assert numbers(copy, process) == {1}
    assert copy.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in copy.parent.glob("kopie*")] == ["kopie.db"]


def test_a_backup_does_not_hold_the_secret(copy, secret):
    data = copy.read_bytes()
    assert secret not in data
    assert secret.hex().encode() not in data


def test_a_backup_while_everybody_votes_is_consistent(db, secret, settings, tmp_path):
    """Whatever the moment, it holds as many ballots as receipts and used codes."""
    voters = crowd(600)
    process = insert_vote(db, secret, residents=voters)
    writer = Desk(settings.db)
    for who in voters:
        writer.submit(ballots.hand_in, secret, process, who.code, ["bank"], who.receipt, NOW)
    taken = []
    for number in range(4):
        backup(db, tmp_path / f"{number}.db")
        taken.append(numbers(tmp_path / f"{number}.db", process))
    writer.close()
    assert all(len(found) == 1 for found in taken), taken
    assert taken[0] != {600}, "everybody was done before the first backup"
    assert numbers(settings.db, process) == {600}


def test_a_backup_overwrites_nothing(db, copy):
    before = copy.read_bytes()
    with pytest.raises(Refused, match="exists already"):
        backup(db, copy)
    assert copy.read_bytes() == before


def test_a_backup_that_cannot_be_written_leaves_no_half_file(db, tmp_path):
    with pytest.raises(Refused, match="can't be written"):
        backup(db, tmp_path / "nowhere" / "kopie.db")
    assert not (tmp_path / "nowhere").exists()


# ── restore ──


def test_a_restore_brings_back_exactly_what_the_backup_holds(db, settings, copy, process):
    assert numbers(settings.db, process) == {2}
    restore(settings, copy)
    assert contents(settings.db) == contents(copy)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_restore_while_serving_is_seen_by_who_is_reading(settings, copy, process, site):
    assert ballots.number(site.reader, process.id) == 2
    restore(settings, copy)
    assert ballots.number(site.reader, process.id) == 1


def test_after_a_restore_the_vote_goes_on(db, settings, copy, process, hand_in):
    restore(settings, copy)
    hand_in(process, BRAM, "tuin")
    with pytest.raises(ballots.Refused):
        hand_in(process, AICHA, "feest", receipt=YVONNE.receipt)
    assert numbers(settings.db, process) == {2}


def test_a_new_machine_gets_its_database_back(settings, copy, process, tmp_path):
    new = tmp_path / "new"
    new.mkdir()
    shutil.copy(secret_path(settings), new / "wijkbudget.db.secret")
    moved = type(settings)(**{**vars(settings), "db": new / "wijkbudget.db"})
    restore(moved, copy)
    assert numbers(moved.db, process) == {1}


def damaged(copy: Path) -> None:
    with copy.open("r+b") as file:
        file.seek(copy.stat().st_size // 2)
        file.write(b"\xff" * 6_000)


def cut_off(copy: Path) -> None:
    os.truncate(copy, copy.stat().st_size // 2)


def something_else(copy: Path) -> None:
    copy.unlink()
    other = sqlite3.connect(copy)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()


def no_database(copy: Path) -> None:
    copy.write_text("Beste buren, " * 1_000)


def empty(copy: Path) -> None:
    copy.write_bytes(b"")


def newer(copy: Path) -> None:
    db = connect(copy)
    db.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('wijkbudget', 'video_calls')")
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()


def with_a_trigger(copy: Path) -> None:
    """Who could slip this in would write down which code came with which ballot."""
    db = connect(copy)
    db.execute("CREATE TABLE spy (key BLOB)")
    db.execute("CREATE TRIGGER spy AFTER INSERT ON ballots BEGIN INSERT INTO spy VALUES (new.key); END")
    db.close()


def without_check_value(copy: Path) -> None:
    db = connect(copy)
    db.execute("DELETE FROM secret_check")
    db.close()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (damaged, Refused),
        (cut_off, Refused),
        (something_else, Refused),
        (no_database, Refused),
        (empty, Refused),
        (newer, NewerDatabase),
        (with_a_trigger, Refused),
        (without_check_value, Refused),
    ],
    ids=lambda value: value.__name__,
)
def test_a_restore_that_fails_leaves_what_was_there(settings, copy, spoil, error):
    before = contents(settings.db)
    spoil(copy)
    with pytest.raises(error):
        restore(settings, copy)
    assert contents(settings.db) == before


@pytest.mark.parametrize("what", ["another", "none"])
def test_a_restore_without_the_secret_that_belongs_to_it_is_refused(settings, copy, tmp_path, what):
    """Without it no code would work any more."""
    before = contents(settings.db)
    secret_path(settings).unlink()
    if what == "another":
        secrets_.create(secret_path(settings))
    with pytest.raises(SecretError):
        restore(settings, copy)
    assert contents(settings.db) == before


def test_a_restore_on_a_full_disk_leaves_what_was_there(db, settings, copy, process):
    """The disk gives out in the middle: no file may grow beyond the size that the log gets to halfway."""
    large = connect(copy)
    for number in range(40):
        insert(large, "photos", {"key": f"foto-{number}", "width": 320, "data": os.urandom(10_000)})
    large.execute("PRAGMA journal_mode = DELETE")
    large.close()
    before = contents(settings.db)
    most = settings.db.stat().st_size + 60_000
    command = [sys.executable, "-m", "cli", "restore", "--db", str(settings.db), str(copy)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode != 0
    assert "as it was" in done.stderr
    assert contents(settings.db) == before
    assert numbers(settings.db, process) == {2}
