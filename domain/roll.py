"""The roll (kiesregister): which codes exist and which are used. Never how, never with which ballot."""

from collections.abc import Iterator
from dataclasses import dataclass

from domain import codes
from domain.database import Database
from domain.secret import keyed_hash


@dataclass(frozen=True, slots=True)
class Turnout:
    """Opkomst: how many codes were issued and how many are used."""

    issued: int
    used: int


def key(secret: bytes, process_id: int, code: str) -> bytes:
    return keyed_hash(secret, "roll", process_id, code)


def issue(db: Database, secret: bytes, process_id: int, number: int, area_id: int | None = None) -> list[str]:
    """Put `number` new codes on the roll and return them, the only time that they exist as text.

    Only the keyed hash is stored; two equal codes are ruled out by the schema (and by 63 bits).
    """
    drawn = [codes.draw(codes.CODE_LENGTH) for _ in range(number)]
    db.conn.executemany(
        "INSERT INTO roll (process_id, key, area_id) VALUES (?, ?, ?)",
        ((process_id, key(secret, process_id, code), area_id) for code in drawn),
    )
    return drawn


def used(db: Database, secret: bytes, process_id: int, code: str) -> bool | None:
    """Whether the code is used; None if this process has no such code."""
    row = db.execute(
        "SELECT used_on IS NOT NULL FROM roll WHERE process_id = ? AND key = ?",
        (process_id, key(secret, process_id, code)),
    ).fetchone()
    return bool(row[0]) if row else None


def turnout(db: Database, process_id: int) -> Turnout:
    row = db.execute("SELECT count(*), count(used_on) FROM roll WHERE process_id = ?", [process_id]).fetchone()
    return Turnout(*row)


def turnout_by_area(db: Database, process_id: int) -> Iterator[tuple[str, Turnout]]:
    """Per area of the codes, for those that were issued with one."""
    for name, issued, used_ in db.execute(
        "SELECT name, count(*), count(used_on) FROM roll JOIN areas ON areas.id = area_id "
        "WHERE process_id = ? GROUP BY area_id ORDER BY name",
        [process_id],
    ):
        yield name, Turnout(issued, used_)
