"""The roll (kiesregister): which codes exist and which are used. Never how, never with which ballot."""

from collections.abc import Iterable
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
    drawn = draw(secret, process_id, number)
    enter(db, process_id, (key for _, key in drawn), area_id)
    return [code for code, _ in drawn]


def draw(secret: bytes, process_id: int, number: int) -> list[tuple[str, bytes]]:
    """New codes with their keys; they are on no roll yet."""
    drawn = (codes.draw(codes.CODE_LENGTH) for _ in range(number))
    return [(code, key(secret, process_id, code)) for code in drawn]


def enter(db: Database, process_id: int, keys: Iterable[bytes], area_id: int | None) -> None:
    db.conn.executemany(
        "INSERT INTO roll (process_id, key, area_id) VALUES (?, ?, ?)", ((process_id, key, area_id) for key in keys)
    )


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


def issued_by_area(db: Database, process_id: int) -> dict[int | None, int]:
    """How many codes each area got; None: those that were issued without one. How many are used is for
    domain/turnout.py alone to count."""
    rows = db.execute("SELECT area_id, count(*) FROM roll WHERE process_id = ? GROUP BY area_id", [process_id])
    return dict(rows.fetchall())
