"""Connections, and the one way to write: together if they wait together, alone if they fail."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future

import pytest

from domain.database import Database, NotOurs, Writer, connect, insert, mark, writing
from tests.desk import Desk

SIZE = 40_000  # bytes: ten pages


@pytest.fixture
def jottings(db: Database) -> Database:
    """A table to write to that no rule guards."""
    db.execute("CREATE TABLE jottings (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
    return db


@pytest.fixture
def writer(jottings: Database, settings) -> Iterator[Desk]:
    writer = Desk(settings.db)
    yield writer
    writer.close()


class Door:
    """Holds the writer at the door: what is submitted meanwhile waits together."""

    def __init__(self, writer: Desk) -> None:
        self.opened, inside = threading.Event(), threading.Event()
        self.first = writer.submit(lambda db: (inside.set(), self.opened.wait()))
        inside.wait()

    def open(self) -> None:
        self.opened.set()
        self.first.result()


def note(db: Database, text: str) -> int:
    return insert(db, "jottings", {"text": text})


def note_and_fail(db: Database, text: str) -> int:
    note(db, text)
    raise ValueError(text)


def texts(db: Database) -> list[str]:
    return [row[0] for row in db.execute("SELECT text FROM jottings ORDER BY text")]


def failures(futures: list[Future]) -> list[str]:
    return [type(future.exception()).__name__ for future in futures if future.exception()]


# ── the writer ──


def test_a_write_returns_what_its_verb_returns(writer, jottings):
    assert writer.submit(note, "een").result() == 1
    assert texts(jottings) == ["een"]


def test_writes_that_wait_together_commit_together(writer, jottings):
    statements: list[str] = []
    writer.db.conn.set_trace_callback(statements.append)
    door = Door(writer)
    waiting = [writer.submit(note, f"{n:03}") for n in range(2 * Writer.MOST)]
    door.open()
    assert [future.result() for future in waiting] == list(range(1, 2 * Writer.MOST + 1))
    assert statements.count("COMMIT") == 1 + 2


def test_a_failing_write_rolls_back_alone(writer, jottings):
    door = Door(writer)
    good = [writer.submit(note, "een")]
    bad = [writer.submit(note_and_fail, "twee"), writer.submit(note, "een")]
    good += [writer.submit(note, "drie")]
    door.open()
    assert failures(bad) == ["ValueError", "IntegrityError"]
    assert failures(good) == []
    assert texts(jottings) == ["drie", "een"]


def test_nobody_hears_of_a_write_before_it_is_committed(writer, settings):
    """The answer is looked for on a connection of its own, the moment that it comes."""
    seen: list[list[str]] = []
    reader = connect(settings.db, readonly=True)
    door = Door(writer)
    future = writer.submit(note, "een")
    future.add_done_callback(lambda done: seen.append(texts(reader)))
    other = writer.submit(note, "twee")
    door.open()
    other.result()
    assert seen == [["een", "twee"]]
    reader.close()


def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(writer, jottings):
    pages = writer.db.execute("PRAGMA page_count").fetchone()[0]
    door = Door(writer)
    small = [writer.submit(note, "voor")]
    large = writer.submit(note, "x" * SIZE)
    small += [writer.submit(note, "na")]
    writer.db.execute(f"PRAGMA max_page_count = {pages + 3}")
    door.open()
    assert "full" in str(large.exception())
    assert failures(small) == []
    assert texts(jottings) == ["na", "voor"]
    assert jottings.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_full_disk_that_loses_the_whole_group_leaves_nothing_half_written(writer, jottings, monkeypatch):
    """SQLite may roll back the whole transaction, not only the statement: then each write is tried once more alone."""
    attempts: list[str] = []

    def rolls_back_everything(db: Database) -> None:
        attempts.append("large")
        note(db, "half")
        db.execute("ROLLBACK")
        raise sqlite3.OperationalError("database or disk is full")

    def counted(db: Database, text: str) -> int:
        attempts.append(text)
        return note(db, text)

    door = Door(writer)
    before = writer.submit(counted, "voor")
    lost = writer.submit(rolls_back_everything)
    after = writer.submit(counted, "na")
    door.open()
    assert failures([before, lost, after]) == ["OperationalError"]
    assert texts(jottings) == ["na", "voor"]
    assert attempts == ["voor", "large", "voor", "large", "na"]


def test_a_commit_that_the_disk_refuses_fails_alone(writer, jottings):
    """A deferred foreign key fails at COMMIT itself: the same place as a disk that fills up there."""
    jottings.execute("CREATE TABLE answers (note INTEGER REFERENCES jottings DEFERRABLE INITIALLY DEFERRED)")
    door = Door(writer)
    good = writer.submit(note, "een")
    bad = writer.submit(lambda db: insert(db, "answers", {"note": 99}))
    door.open()
    assert failures([good, bad]) == ["IntegrityError"]
    assert texts(jottings) == ["een"]
    assert jottings.table("answers").count == 0


def test_after_a_failure_the_writer_goes_on(writer, jottings):
    assert writer.submit(note_and_fail, "een").exception()
    assert writer.submit(note, "twee").result()
    assert texts(jottings) == ["twee"]


def test_a_write_happens_whole_when_the_visitor_goes_away(writer, jottings):
    door = Door(writer)
    visit = writer.submit(note, "een")
    writer.submit(lambda db: None)  # so the visit is in the queue
    visit.cancel()
    door.open()
    assert writer.submit(note, "twee").result() == 2
    assert texts(jottings) == ["een", "twee"]


def test_closing_finishes_what_waits(jottings, settings):
    writer = Desk(settings.db)
    door = Door(writer)
    waiting = [writer.submit(note, str(n)) for n in range(5)]
    threading.Timer(0.05, door.opened.set).start()
    writer.close()
    assert failures(waiting) == []
    assert len(texts(jottings)) == 5


def test_readers_never_wait_for_the_writer(writer, jottings, settings):
    reader = connect(settings.db, readonly=True, timeout=0)
    door = Door(writer)
    assert texts(reader) == []
    door.open()
    reader.close()


# ── writing by hand ──


def test_writing_is_all_or_nothing(jottings):
    with pytest.raises(ValueError, match="een"), writing(jottings):
        note_and_fail(jottings, "een")
    assert texts(jottings) == []


def test_two_that_read_and_then_write_lose_nothing(jottings, settings):
    note(jottings, "0")

    def count_on(times: int) -> None:
        db = connect(settings.db)
        for _ in range(times):
            with writing(db):
                (number,) = db.execute("SELECT text FROM jottings").fetchone()
                db.execute("UPDATE jottings SET text = ?", [int(number) + 1])
        db.close()

    threads = [threading.Thread(target=count_on, args=(40,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts(jottings) == ["120"]


# ── connections ──


def test_every_connection_keeps_what_it_commits_and_checks_foreign_keys(db):
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    assert {name: db.execute(f"PRAGMA {name}").fetchone()[0] for name in wanted} == wanted


def test_a_reader_cannot_write(jottings, settings):
    reader = connect(settings.db, readonly=True)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        note(reader, "een")
    reader.close()


def test_a_file_of_something_else_is_left_alone(tmp_path):
    path = tmp_path / "recepten.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE recipes (name TEXT)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(NotOurs, match="is not a database of wijkbudget"):
        connect(path, readonly=True)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "brief.txt"
    path.write_text("Beste buren, " * 100)
    with pytest.raises(NotOurs, match="is not a SQLite database"):
        connect(path)
    assert path.read_text() == "Beste buren, " * 100


def test_a_directory_that_is_not_there_is_an_error_of_the_disk(tmp_path):
    with pytest.raises(sqlite3.OperationalError, match="unable to open"):
        connect(tmp_path / "nowhere" / "wijkbudget.db")


def test_a_file_name_with_odd_characters_is_that_file(tmp_path):
    path = tmp_path / "wijk #1 ?%20é.db"
    db = connect(path)
    mark(db, 0)
    db.execute("CREATE TABLE one (a)")
    db.close()
    assert path.exists()


def test_a_new_database_is_for_its_owner_only(tmp_path):
    db = connect(tmp_path / "nieuw.db")
    db.execute("CREATE TABLE jottings (text)")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    db.close()


def test_opening_once_more_keeps_the_locks_of_this_process(settings, jottings):
    """To open and close the file by other means would drop them: two processes would then write at once."""
    with writing(jottings):
        connect(settings.db).close()
        other = "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0).execute('BEGIN IMMEDIATE')"
        refused = subprocess.run([sys.executable, "-c", other, str(settings.db)], capture_output=True, text=True)
    assert "database is locked" in refused.stderr
