"""Connections to the one SQLite file, and the one way to write to it."""

import asyncio
import contextlib
import os
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlite_utils import Database

__all__ = ["Database", "NotOurs", "Writer", "connect", "insert", "is_demo", "mark", "writing"]

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
    if not readonly and not path.exists():
        create(path)
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


def create(path: Path) -> None:
    """An empty file of mode 0600; the log beside it gets the same. Until sealing, who can read either could link.

    Only where there is none: to open and close a database by other means than SQLite's drops the locks that this
    process has on it, and two processes then write at once.
    """
    with contextlib.suppress(OSError):  # SQLite says what is wrong
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


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
    done: asyncio.Future[Any]


class Writer:
    """The one way the server writes: writes that wait together are committed together.

    The statements of a write take microseconds and run on the event loop, each write in a savepoint of its own, so
    that one that fails rolls back alone. Only the commit waits for the disk, so it runs on a thread; meanwhile
    requests go on and the next writes gather. What `await write(...)` promises holds once the commit is on disk.
    """

    MOST = 64  # writes in one commit: bounds how long the first of them waits for the last
    PATIENCE = 30_000  # milliseconds that others may hold the database, such as a backup or sealing

    def __init__(self, path: Path) -> None:
        self.db = connect(path, timeout=0)  # who holds the database is waited for on the thread, not on the loop
        # Every page is read back and written to the log once more at a checkpoint: do that per 16 MB, not per 4.
        self.db.execute("PRAGMA wal_autocheckpoint = 4000")
        self.db.execute("PRAGMA cache_size = -48000")  # KiB: a town of a million ballots writes all over the file
        self.waiting: deque[Write] = deque()
        self.thread = ThreadPoolExecutor(1, "writer")
        self.task: asyncio.Task[None] | None = None

    async def write(self, verb: Callable[..., T], *arguments: Any) -> T:
        """What `verb(db, *arguments)` returns or raises, after the commit. `verb` may only talk to the database.

        If the visitor goes away meanwhile the write still happens, whole.
        """
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.waiting.append(Write(verb, arguments, done))
        if self.task is None:
            self.task = asyncio.create_task(self.run())
        return await asyncio.shield(done)

    async def close(self) -> None:
        """Finish what waits, then stop."""
        if self.task is not None:
            await self.task
        self.thread.shutdown()
        self.db.close()

    async def run(self) -> None:
        while self.waiting:
            await self.commit([self.waiting.popleft() for _ in range(min(self.MOST, len(self.waiting)))])
        self.task = None

    async def commit(self, group: list[Write]) -> None:
        """Commit the group; if the disk refuses the group as a whole, each of it once more alone."""
        try:
            await self.begin()
            outcomes = [self.attempt(write, alone=len(group) == 1) for write in group]
            await self.on_thread("COMMIT")
        except Exception as error:
            if self.db.conn.in_transaction:
                self.db.execute("ROLLBACK")
            if len(group) == 1 or locked(error):
                settle(group, [(None, error)] * len(group))
            else:
                for write in group:
                    await self.commit([write])
            return
        settle(group, outcomes)

    async def begin(self) -> None:
        try:
            self.db.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if not locked(error):
                raise
            await self.on_thread(f"PRAGMA busy_timeout = {self.PATIENCE}", "BEGIN IMMEDIATE", "PRAGMA busy_timeout = 0")

    async def on_thread(self, *statements: str) -> None:
        def run() -> None:
            for statement in statements:
                self.db.execute(statement)

        await asyncio.get_running_loop().run_in_executor(self.thread, run)

    def attempt(self, write: Write, *, alone: bool) -> tuple[Any, Exception | None]:
        """Run one write, in a savepoint unless the transaction is its own.

        Raises what the write raises where that loses the whole transaction.
        """
        if alone:
            return write.verb(self.db, *write.arguments), None
        self.db.execute("SAVEPOINT one")
        try:
            result = write.verb(self.db, *write.arguments)
        except Exception as failure:
            if not self.db.conn.in_transaction:  # SQLITE_FULL and the like roll back everything
                raise
            self.db.execute("ROLLBACK TO one")
            self.db.execute("RELEASE one")
            return None, failure
        self.db.execute("RELEASE one")
        return result, None


def locked(error: Exception) -> bool:
    """Somebody else writes for longer than we wait: trying each write of a group again would only wait again."""
    return getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def settle(group: list[Write], outcomes: list[tuple[Any, Exception | None]]) -> None:
    """Tell everyone in the group what became of their write."""
    for write, (result, failure) in zip(group, outcomes, strict=True):
        if write.done.done():  # the server is stopping
            continue
        if failure is None:
            write.done.set_result(result)
        else:
            write.done.set_exception(failure)
