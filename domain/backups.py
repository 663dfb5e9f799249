"""Backup and restore of the one file."""

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.settings import Settings, secret_path
from domain.database import Database, NotOurs, connect
from domain.migrations import migrations, refuse_newer
from domain.secret import SecretError, read, refuse_wrong, stored_check


class Refused(Exception):
    """The copy can't be made or put back; its text is one sentence. Nothing was changed."""


def backup(db: Database, target: Path) -> None:
    """Write a consistent copy (VACUUM INTO), mode 0600, also while others read and write.

    The copy's pages are written anew, so they don't follow the order of handing in. Raises Refused.
    """
    if target.exists():
        raise Refused(f"{target} exists already. Choose another name.")
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        os.close(os.open(partial, os.O_CREAT | os.O_EXCL, 0o600))
        db.execute("VACUUM INTO ?", [str(partial)])
        sync(partial)
        partial.rename(target)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise Refused(f"The copy {target} can't be written: {error}.") from error


def sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def restore(settings: Settings, source: Path) -> None:
    """Make the database hold exactly what `source` holds, in one transaction, also while serving.

    Raises Refused if `source` is damaged or no backup of ours, NewerDatabase, and SecretError if the secret file
    is not the one that belongs to it.
    """
    with sound(source) as copy:
        refuse_secret(copy, settings)
        try:
            target = connect(settings.db)
        except sqlite3.Error as error:
            raise Refused(f"The database {settings.db} can't be written: {error}.") from error
        try:
            copy.conn.backup(target.conn, progress=give_up_after(PATIENCE))
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise Refused(f"The backup can't be put back: {error}. The database is as it was.") from error
        finally:
            target.close()


PATIENCE = 30.0  # seconds that a restore waits for others to finish writing


def give_up_after(seconds: float) -> Callable[[int, int, int], None]:
    """For sqlite3's backup, which by itself would wait for a busy database without end."""
    deadline = time.monotonic() + seconds

    def progress(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise sqlite3.OperationalError("somebody else is writing to the database")

    return progress


@contextlib.contextmanager
def sound(source: Path) -> Iterator[Database]:
    """The backup, opened for reading, after SQLite checked every page of it."""
    try:
        copy = connect(source, readonly=True)
    except (NotOurs, sqlite3.Error) as error:
        raise Refused(f"{source} is no backup of wijkbudget.") from error
    try:
        if copy.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise Refused(f"{source} is damaged.")
        refuse_schema(copy, source)
        yield copy
    except sqlite3.DatabaseError as error:
        raise Refused(f"{source} is damaged: {error}.") from error
    finally:
        copy.close()


def refuse_schema(copy: Database, source: Path) -> None:
    """A backup has the schema that our migrations make, no table less and no trigger more. Raises Refused."""
    refuse_newer(copy)
    fresh = Database(memory=True, recursive_triggers=False)
    pending = migrations.pending(copy)
    migrations.apply(fresh, stop_before=pending[0].name if pending else None)
    same = schema(copy) == schema(fresh)
    if not same or stored_check(copy) is None or copy.execute("PRAGMA foreign_key_check").fetchone():
        raise Refused(f"{source} is no backup of wijkbudget, or somebody changed it.")


def schema(db: Database) -> list[tuple[str, ...]]:
    rows = db.execute("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_master ORDER BY type, name")
    return [row for row in rows if not row[1].startswith("sqlite_stat")]


def refuse_secret(copy: Database, settings: Settings) -> None:
    path, known = secret_path(settings), stored_check(copy)
    if not path.exists():
        raise SecretError(f"Put the secret file that belongs to the backup at {path} first.")
    if known is not None:
        refuse_wrong(read(path), known, path)
