"""Boundaries (grenzen): that of the area of a process, kept, taken away and put back. How one is read and drawn stands
in maps.py."""

from datetime import datetime

from domain import audit
from domain.database import Database
from domain.processes import Process


def area_id_of(db: Database, process_id: int) -> int:
    return int(db.execute("SELECT area_id FROM processes WHERE id = ?", [process_id]).fetchone()[0])


def set_boundary(db: Database, process: Process, boundary: str | None, now: datetime, account_id: int) -> None:
    """The boundary of the process's area, as GeoJSON; None for none. Other processes of the area get it too."""
    area_id = area_id_of(db, process.id)
    removed = "NULL" if boundary else "coalesce(boundary, removed_boundary)"
    db.execute(f"UPDATE areas SET removed_boundary = {removed}, boundary = ? WHERE id = ?", [boundary, area_id])
    action = "boundary_set" if boundary else "boundary_removed"
    audit.record(db, account_id, process.id, action, f"area {area_id}", now)


def can_put_back(db: Database, process_id: int) -> bool:
    """Whether the boundary was removed and no other came in its place."""
    query = "SELECT boundary IS NULL AND removed_boundary IS NOT NULL FROM areas WHERE id = ?"
    return bool(db.execute(query, [area_id_of(db, process_id)]).fetchone()[0])


def put_boundary_back(db: Database, process: Process, now: datetime, account_id: int) -> bool:
    """The boundary that was removed counts again; False where there is none, or another by now."""
    area_id = area_id_of(db, process.id)
    back = db.execute(
        "UPDATE areas SET boundary = removed_boundary, removed_boundary = NULL "
        "WHERE id = ? AND boundary IS NULL AND removed_boundary IS NOT NULL",
        [area_id],
    )
    if back.rowcount:
        audit.record(db, account_id, process.id, "boundary_set", f"area {area_id}", now)
    return bool(back.rowcount)
