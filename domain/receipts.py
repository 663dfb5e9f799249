"""Receipts (controlecodes): proof that a ballot is counted, not of what is on it."""

import hashlib

from domain import codes
from domain.database import Database


def draw() -> str:
    return codes.draw(codes.RECEIPT_LENGTH)


def hash_of(receipt: str) -> bytes:
    """SHA-256 of the receipt's characters, without dashes: anyone can compute it and look it up in the published list.

    It needs no key: 82 random bits can't be guessed.
    """
    return hashlib.sha256(receipt.encode("ascii")).digest()


def counted(db: Database, process_id: int, receipt: str) -> bool:
    row = db.execute(
        "SELECT 1 FROM receipts WHERE process_id = ? AND hash = ?", (process_id, hash_of(receipt))
    ).fetchone()
    return row is not None


def published(db: Database, process_id: int) -> list[str]:
    """Every receipt's hash in hexadecimal, sorted: as many as there are ballots."""
    rows = db.execute("SELECT lower(hex(hash)) FROM receipts WHERE process_id = ? ORDER BY hash", [process_id])
    return [row[0] for row in rows]
