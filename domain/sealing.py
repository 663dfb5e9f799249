"""Sealing: after closing, nothing in the file tells any more which ballot came with which code, or when.

Measured: until VACUUM the order of cells inside a page follows the order of handing in; a VACUUM without a later
checkpoint leaves the old pages in the file; an open reader blocks that checkpoint. So all three, and a check.
"""

import logging
from datetime import datetime, timedelta

from domain import ballots, phases, processes
from domain.database import Database, writing
from domain.processes import Process

log = logging.getLogger("wijkbudget")


GRACE = timedelta(seconds=10)


class CannotSeal(Exception):
    """The vote can't be sealed now; its text is one sentence. Trying again later is safe."""


def due(db: Database, now: datetime) -> list[str]:
    """The slugs of processes whose vote closed and isn't sealed; a ballot that came in time is written by now."""
    rows = db.execute(
        "SELECT slug FROM processes JOIN phases ON phases.process_id = processes.id "
        "WHERE kind = 'vote' AND closes_at <= ? AND sealed_at IS NULL ORDER BY slug",
        [phases.to_text(now - GRACE)],
    )
    return [row[0] for row in rows]


def seal(db: Database, slug: str, now: datetime) -> Process:
    """Seal the vote of a process for good, and return the process. `db` is a connection of nobody else.

    Raises CannotSeal if there is no such vote, if it is still open, or if a reader or a last ballot was in the way;
    the vote is then not sealed, no ballot is lost, and the same call may be made again.
    """
    process = processes.load(db, slug)
    refuse(process, slug, now)
    assert process is not None
    number = new_keys(db, process.id)
    rewrite(db)
    with writing(db):
        if ballots.number(db, process.id) != number:
            raise CannotSeal("A last ballot came in while sealing. Try again in a moment.")
        db.execute("UPDATE processes SET sealed_at = ? WHERE id = ?", [phases.to_text(now), process.id])
    sealed = processes.load(db, slug)
    assert sealed is not None
    return sealed


def refuse(process: Process | None, slug: str, now: datetime) -> None:
    if process is None:
        raise CannotSeal(f"There is no process “{slug}”.")
    if process.finished:
        raise CannotSeal(f"The vote of “{slug}” is sealed already.")
    if process.voting_phase is None:
        raise CannotSeal(f"The process “{slug}” has no vote.")
    if now < process.voting_phase.closes_at:
        raise CannotSeal(f"The vote of “{slug}” is open until {phases.to_text(process.voting_phase.closes_at)}.")


def new_keys(db: Database, process_id: int) -> int:
    """Give every ballot a fresh random key, drawn here and stored nowhere else; returns how many got one."""
    with writing(db):
        return db.execute("UPDATE ballots SET key = randomblob(16) WHERE process_id = ?", [process_id]).rowcount


def rewrite(db: Database) -> None:
    """Write the whole file anew in the order of the keys, and empty the log. Raises CannotSeal if that didn't take."""
    db.execute("VACUUM")
    blocked, in_log, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    free = db.execute("PRAGMA freelist_count").fetchone()[0]
    if blocked or in_log or free:
        raise CannotSeal("Somebody was reading the database. Try again in a moment.")
