"""Connections to the one SQLite file, and the one way to write to it."""

import asyncio
import contextlib
import logging
import queue
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

__all__ = ["Database", "NotOurs", "Writer", "connect", "insert", "is_demo", "mark", "writing"]

log = logging.getLogger("wijkbudget")
T = TypeVar("T")

OURS = 0x776B6274  # "wkbt" in SQLite's application_id: a file of this program
DEMO = 0x776B6464  # "wkdd": a file that `demo` made and may throw away


class NotOurs(Exception):
    """The file is no wijkbudget database; its text is one sentence."""


def connect(path: Path, *, readonly: bool = False, timeout: float = 30.0) -> Database:
    """A connection in autocommit: a read sees what was committed, a write goes through `writing`.

    It may be used on another thread than the one that made it, by one thread at a time.
    Raises NotOurs if `path` is a file of something else.
    """
    uri = f"{path.absolute().as_uri()}{'?mode=ro' if readonly else ''}"
    conn = sqlite3.connect(uri, uri=True, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        conn.execute("PRAGMA foreign_keys = ON")
        conn.execute("PRAGMA synchronous = FULL")
        if not readonly:
            conn.execute("PRAGMA journal_mode = WAL")
        refuse_others(conn, path)
    except sqlite3.DatabaseError as error:
        conn.close()
        if isinstance(error, sqlite3.OperationalError):
            raise
        raise NotOurs(f"{path} is not a SQLite database.") from error
    return Database(conn, recursive_triggers=False)


def refuse_others(conn: sqlite3.Connection, path: Path) -> None:
    application = conn.execute("PRAGMA application_id").fetchone()[0]
    tables = conn.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and application not in (OURS, DEMO):
        conn.close()
        raise NotOurs(f"{path} is not a database of wijkbudget.")


def mark(db: Database, application: int) -> None:
    db.execute(f"PRAGMA application_id = {application}")


def is_demo(db: Database) -> bool:
    return bool(db.execute("PRAGMA application_id").fetchone()[0] == DEMO)


@contextlib.contextmanager
def writing(db: Database) -> Iterator[Database]:
    """Everything inside is one write: all or nothing, and nobody else writes meanwhile.

    BEGIN IMMEDIATE takes the write lock at once; a deferred BEGIN that reads first would fail with
    “database is locked” as soon as somebody else wrote in between.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
        db.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.execute("ROLLBACK")
        raise


def insert(db: Database, table: str, row: Mapping[str, Any]) -> int:
    """Write one row and return its integer primary key."""
    columns, places = ", ".join(row), ", ".join(f":{name}" for name in row)
    return int(db.execute(f"INSERT INTO {table} ({columns}) VALUES ({places})", dict(row)).lastrowid or 0)


@dataclass(frozen=True, slots=True)
class Write:
    verb: Callable[..., Any]
    arguments: tuple[Any, ...]
    done: "Future[Any]"


def locked(error: Exception) -> bool:
    """Somebody else writes for longer than we wait: trying each write of a group again would only wait again."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def refuse(group: list[Write], error: Exception) -> None:
    for write in group:
        write.done.set_exception(error)


class Writer:
    """The one way the server writes: a thread that commits the writes that wait together, together.

    Every write runs in a savepoint of its own, so that one that fails rolls back alone. The promise of an
    `await write(...)` is kept only after the commit that holds it is on disk.
    """

    MOST = 64  # writes in one commit: bounds how long the first of them waits for the last

    def __init__(self, path: Path) -> None:
        self.db = connect(path)
        # Every page is read back and written to the log once more at a checkpoint: do that per 16 MB, not per 4.
        self.db.execute("PRAGMA wal_autocheckpoint = 4000")
        self.db.execute("PRAGMA cache_size = -16000")
        # Every statement gives the interpreter lock away and asks for it back from a busy event loop. By default that
        # takes up to 5 ms, some ten times a write.
        sys.setswitchinterval(0.000_5)
        self.waiting: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self.run, name="writer", daemon=True)
        self.thread.start()

    def submit(self, verb: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Queue `verb(db, *arguments)`; the future gets what it returns, or its exception, after the commit."""
        done: Future[T] = Future()
        self.waiting.put(Write(verb, arguments, done))
        return done

    async def write(self, verb: Callable[..., T], *arguments: Any) -> T:
        """`submit`, awaited. If the visitor goes away meanwhile the write still happens, whole."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(verb, *arguments)))

    def close(self) -> None:
        """Finish what waits, then stop."""
        self.waiting.put(None)
        self.thread.join()
        self.db.close()

    def run(self) -> None:
        while (first := self.waiting.get()) is not None:
            group = [first, *self.take()]
            stop = None in group
            self.commit([write for write in group if write is not None])
            if stop:
                return

    def take(self) -> Iterator[Write | None]:
        for _ in range(self.MOST - 1):
            try:
                yield self.waiting.get_nowait()
            except queue.Empty:
                return

    def commit(self, group: list[Write]) -> None:
        """Commit the group; if the disk refuses the group as a whole, each of it once more alone."""
        try:
            with writing(self.db):
                outcomes = [self.attempt(write) for write in group]
        except Exception as error:  # whatever it is, the thread goes on: it is the only one that writes
            if len(group) == 1 or locked(error):
                refuse(group, error)
            else:
                for write in group:
                    self.commit([write])
            return
        for write, (result, failure) in zip(group, outcomes, strict=True):
            if failure is None:
                write.done.set_result(result)
            else:
                write.done.set_exception(failure)

    def attempt(self, write: Write) -> tuple[Any, BaseException | None]:
        """Run one write in its savepoint. Raises sqlite3.Error only where the whole transaction is lost."""
        self.db.execute("SAVEPOINT one")
        try:
            result = write.verb(self.db, *write.arguments)
        except Exception as failure:
            if not self.db.conn.in_transaction:  # SQLITE_FULL and the like roll back everything
                raise sqlite3.OperationalError(str(failure)) from failure
            self.db.execute("ROLLBACK TO one")
            self.db.execute("RELEASE one")
            return None, failure
        self.db.execute("RELEASE one")
        return result, None
